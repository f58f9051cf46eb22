import { z } from 'zod'
import { fetch } from '../fetch.ts'
import { folderOf } from './services.ts'
import { ANSWER, type Stage } from './stage.ts'

/** Of one service: its name, and every `host:port` that callers of the other side are given. */
type Found = ReadonlyMap<string, readonly string[]>

const passing = z.array(z.object({ Service: z.object({ Address: z.string(), Port: z.number() }) }))
const spring = z.object({ address: z.string(), port: z.number() })

/** What Consul gives to callers: instances with no check that is not passing. */
export async function foundInMesh(stage: Stage, names: readonly string[]): Promise<Found> {
  const asked = names.map(async (name) => {
    const answer = await fetch(`${stage.consul.address}/v1/health/service/${name}?passing`)
    const found = passing.parse(await answer.json())
    return [name, found.map(({ Service: { Address, Port } }) => `${Address}:${Port}`)] as const
  })
  return sorted(await Promise.all(asked))
}

/** What stands in ZooKeeper of services of the mesh, by folder. */
export async function foundInLegacy(stage: Stage): Promise<Found> {
  const paths = [...(await stage.znodes()).gatewayEntries().keys()]
  const folders = stage.services.meshKeys.map(folderOf)
  const asked = folders.map(async (folder) => {
    const entries = paths.filter((path) => path.startsWith(`${folder}/`))
    const addresses = await Promise.all(entries.map((path) => addressOf(stage, path)))
    return [folder, addresses.flat()] as const
  })
  return sorted(await Promise.all(asked))
}

/** Those of `addresses` that lead nowhere. HTTP crosses to a service of any protocol. */
export async function silentOf(addresses: Iterable<string>): Promise<readonly string[]> {
  const called = [...addresses].map(async (address) => {
    const text = await fetch(`http://${address}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      String,
    )
    return text === ANSWER ? [] : [`${address}: ${text}`]
  })
  return (await Promise.all(called)).flat()
}

/** None where it has gone meanwhile, as what a killed gateway left does when its session ends. */
async function addressOf(stage: Stage, path: string): Promise<readonly string[]> {
  const [, dubbo] = /%3A%2F%2F(.+?)%2F/.exec(path) ?? []
  if (dubbo !== undefined) return [decodeURIComponent(dubbo)]
  const read = await stage.services.legacy.read(path)
  if (!read) return []
  const { address, port } = spring.parse(JSON.parse(read.data))
  return [`${address}:${port}`]
}

function sorted(all: readonly (readonly [string, readonly string[]])[]): Found {
  return new Map(all.map(([name, addresses]) => [name, [...addresses].sort()]))
}
