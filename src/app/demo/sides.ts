import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseConfig } from '../../config/load.ts'
import { silentLog } from '../../kernel/log.ts'
import { Metrics } from '../../kernel/metrics.ts'
import { openGateway, type Gateway } from '../gateway.ts'
import { required } from '../process.ts'
import { fileClient } from '../sample/file-client.ts'
import type { Bridged } from './report.ts'
import { CHAIN } from './samples.ts'

/** One side of the demonstration: a folder as its registry, and where its spans go. */
export interface DemoSide {
  readonly name: 'legacy' | 'mesh'
  readonly folder: string
  readonly collector: string
}

/** Makes both folders; `url` is the query backend's. */
export async function makeSides(
  folder: string,
  url: string,
): Promise<readonly [DemoSide, DemoSide]> {
  const legacy = join(folder, 'legacy')
  const mesh = join(folder, 'mesh')
  await Promise.all([mkdir(legacy), mkdir(mesh)])
  return [
    { name: 'legacy', folder: legacy, collector: `${url}/api/v2/spans` },
    { name: 'mesh', folder: mesh, collector: `${url}/api/traces` },
  ]
}

/** The gateway between both folders, its state beside them. */
export async function openDemoGateway(
  folder: string,
  [legacy, mesh]: readonly [DemoSide, DemoSide],
  signal: AbortSignal,
): Promise<Gateway> {
  const config = parseConfig(
    JSON.stringify({
      gateway: {
        id: 'gw-demo',
        bind: '127.0.0.1',
        state: { path: join(folder, 'state') },
        legacy: {
          advertise: '127.0.0.1',
          registries: [{ kind: 'file', name: legacy.name, path: legacy.folder }],
          headers: { accepts: ['b3-single', 'b3'], sends: ['b3'] },
          spans: { kind: 'zipkin', url: legacy.collector },
        },
        mesh: {
          advertise: '127.0.0.1',
          registries: [{ kind: 'file', name: mesh.name, path: mesh.folder }],
          headers: { accepts: ['w3c', 'jaeger'], sends: ['w3c', 'jaeger'] },
          spans: { kind: 'jaeger', url: mesh.collector },
        },
      },
    }),
    { env: {}, readFile: () => '' },
  )
  const deps = { log: silentLog, metrics: new Metrics() }
  return await openGateway(required(config, 'gateway'), deps, signal)
}

/** What each registry shows of the other side; undefined until all of it is there. */
export async function lookUp(sides: readonly DemoSide[]): Promise<readonly Bridged[] | undefined> {
  const shown = await Promise.all(
    sides.map(async ({ name, folder }) => {
      const foreign = CHAIN.filter(({ side }) => side !== name)
      const discovery = fileClient(folder)
      const services = await Promise.all(
        foreign.map(async (service) => ({
          name: service.name,
          address: await discovery.lookup(service.name).catch(() => undefined),
        })),
      )
      return { registry: name, services }
    }),
  )
  return shown.every(({ services }) => services.every(({ address }) => address !== undefined))
    ? shown.map(({ registry, services }) => ({
        registry,
        services: services.map(({ name, address = '' }) => ({ name, address })),
      }))
    : undefined
}
