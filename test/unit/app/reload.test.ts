import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Reload } from '../../../src/app/reload.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { Metrics } from '../../../src/kernel/metrics.ts'
import { eventually } from '../../support/eventually.ts'

/** A configuration in a folder of its own, and what a gateway would be told of its changes. */
class Scene implements AsyncDisposable {
  readonly applied: Config[] = []
  readonly metrics = new Metrics()
  readonly reload: Reload
  readonly #folder: string
  readonly #abort = new AbortController()
  readonly #running: Promise<void>

  private constructor(folder: string) {
    this.#folder = folder
    const { path, metrics } = this
    this.reload = new Reload({
      ...{ path, metrics, log: silentLog, clock: systemClock, config: loadConfig(path) },
      apply: (config) => this.applied.push(config),
    })
    this.#running = this.reload.run(this.#abort.signal)
  }

  static async open(): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-reload-'))
    await writeFile(join(folder, 'isthmus.yaml'), textOf({}))
    return new Scene(folder)
  }

  get path(): string {
    return join(this.#folder, 'isthmus.yaml')
  }

  /** Replaces the file as editors and mounted volumes do. */
  async replace(text: string): Promise<void> {
    const beside = join(this.#folder, 'next')
    await writeFile(beside, text)
    await rename(beside, this.path)
  }

  async beside(name: string): Promise<void> {
    await writeFile(join(this.#folder, name), 'nobody asks for it')
  }

  /** Looks that came to `result`. */
  async count(result: string): Promise<number> {
    const values = await this.metrics.registry.getSingleMetric('isthmus_config_reload_total')?.get()
    return values?.values.find(({ labels }) => labels['result'] === result)?.value ?? 0
  }

  async comesTo(result: string): Promise<void> {
    await eventually(`it is ${result}`, () => this.reload.last?.result === result)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#running
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function textOf(part: Readonly<Record<string, unknown>>): string {
  const side = (name: string): object => ({
    registries: [{ kind: 'file', name, path: `/nowhere/${name}` }],
    headers: { accepts: ['w3c'], sends: ['w3c'] },
    advertise: '127.0.0.1',
  })
  const both = { legacy: side('one'), mesh: side('two'), state: { path: '/nowhere/state' } }
  return JSON.stringify({ gateway: { id: 'gw', ...both, ...part } }) // JSON is YAML
}

describe('reload', () => {
  test('a file that was replaced is taken over, with the fields that changed', async () => {
    await using scene = await Scene.open()
    await scene.replace(textOf({ onStop: 'drain' }))
    await scene.comesTo('applied')
    expect(scene.reload.last?.fields).toEqual(['gateway.onStop'])
    expect(scene.applied.map(({ gateway }) => gateway?.onStop)).toEqual(['drain'])
  })

  test('what needs a restart is refused by name, with all that stands beside it', async () => {
    await using scene = await Scene.open()
    await scene.replace(textOf({ id: 'another', onStop: 'drain' }))
    await scene.comesTo('refused')
    expect(scene.reload.last?.fields).toEqual(['gateway.id'])
    expect(scene.applied).toEqual([])
    // What stayed in force is what the next change is compared with.
    await scene.replace(textOf({ onStop: 'drain' }))
    await scene.comesTo('applied')
    expect(scene.reload.last?.fields).toEqual(['gateway.onStop'])
  })

  test.each([
    ['half written', '{"gateway": {', []],
    ['a field that is unknown', textOf({ typo: 1 }), ['gateway.typo']],
    ['no gateway in it', '{}', []],
  ])('%s: refused, and what runs stays as it is', async (_what, text, fields) => {
    await using scene = await Scene.open()
    await scene.replace(text)
    await scene.comesTo('refused')
    expect(scene.reload.last?.fields).toEqual(fields)
    expect(scene.applied).toEqual([])
    await scene.replace(textOf({ onStop: 'drain' }))
    await scene.comesTo('applied')
  })

  test('a fault is told once, however often other files of the folder change', async () => {
    await using scene = await Scene.open()
    await scene.replace(textOf({ id: 'another' }))
    await scene.comesTo('refused')
    await scene.beside('first')
    await scene.beside('second')
    // The looks are in order: what is seen after them shows that they came to nothing.
    await scene.replace(textOf({ onStop: 'drain' }))
    await scene.comesTo('applied')
    expect(await scene.count('refused')).toBe(1)
  })

  test('asked for by a signal it says so too when nothing has changed, and tells nobody', async () => {
    await using scene = await Scene.open()
    process.emit('SIGHUP', 'SIGHUP')
    await scene.comesTo('unchanged')
    expect([await scene.count('unchanged'), scene.applied.length]).toEqual([1, 0])
  })

  test('a file that is gone is refused, and taken over when it is back', async () => {
    await using scene = await Scene.open()
    await rm(scene.path)
    await scene.comesTo('refused')
    await scene.replace(textOf({ onStop: 'drain' }))
    await scene.comesTo('applied')
  })

  test('once it has ended no signal reaches it', async () => {
    const before = process.listenerCount('SIGHUP')
    const scene = await Scene.open()
    expect(process.listenerCount('SIGHUP')).toBe(before + 1)
    await scene[Symbol.asyncDispose]()
    expect(process.listenerCount('SIGHUP')).toBe(before)
  })
})
