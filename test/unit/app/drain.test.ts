import { describe, expect, test } from '@jest/globals'
import { Drain } from '../../../src/app/drain.ts'
import { silentLog } from '../../../src/kernel/log.ts'
import { ManualClock } from '../../support/sync/manual-clock.ts'

/** What a drain sees of its gateway: entries that are still there, requests under way, its ports. */
class Scene implements AsyncDisposable {
  readonly clock = new ManualClock()
  exported = 3
  underWay = 0
  closed = 0
  readonly orders: string[] = []
  readonly drain: Drain
  readonly #abort = new AbortController()
  readonly #running: Promise<void>

  constructor(drainMs = 30_000) {
    const edge = {
      status: () => ({
        ...{ tableVersion: 0, routes: 0, offered: 0, waiting: 0, draining: this.closed > 0 },
        ...{ underWay: this.underWay, traceHeaders: { legacy: NOTHING, mesh: NOTHING } },
      }),
      drain: () => {
        this.closed += 1
        return Promise.resolve()
      },
    }
    const bridge = {
      exported: () => this.exported,
      order: (kind: string) => {
        this.orders.push(kind)
        return this.exported
      },
    }
    const { clock } = this
    this.drain = new Drain({ bridge, edge, clock, log: silentLog, drainMs: () => drainMs })
    this.#running = this.drain.run(this.#abort.signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#running
  }
}

const NOTHING = {
  ...{ sampled: 0, traced: 0, formats: {}, fields: {} },
  traceIds: { bits64: 0, bits128: 0 },
}

describe('drain', () => {
  test('ports stay open until everything is taken back, and nobody has called for a second', async () => {
    await using scene = new Scene()
    expect(scene.drain.begin('stay')).toBe(3)
    expect(scene.orders).toEqual(['drain'])
    await scene.clock.advance(60_000)
    expect([scene.drain.phase, scene.closed]).toEqual(['draining', 0])
    scene.exported = 0
    await scene.clock.advance(900)
    expect(scene.closed).toBe(0)
    await scene.clock.advance(300)
    expect([scene.drain.phase, scene.closed]).toEqual(['drained', 1])
  })

  test('a request begins the second anew', async () => {
    await using scene = new Scene()
    scene.exported = 0
    scene.drain.begin('stay')
    await scene.clock.advance(900)
    scene.underWay = 1
    await scene.clock.advance(200)
    scene.underWay = 0
    await scene.clock.advance(900)
    expect(scene.closed).toBe(0)
    await scene.clock.advance(300)
    expect(scene.closed).toBe(1)
  })

  test('a request that does not end is waited for no longer than drainMs', async () => {
    await using scene = new Scene(5_000)
    scene.exported = 0
    scene.underWay = 1
    scene.drain.begin('stay')
    await scene.clock.advance(4_900)
    expect(scene.closed).toBe(0)
    await scene.clock.advance(300)
    expect(scene.closed).toBe(1)
  })

  test('what is there again meanwhile is waited for again', async () => {
    await using scene = new Scene()
    scene.exported = 0
    scene.drain.begin('stay')
    await scene.clock.advance(900)
    scene.exported = 1
    await scene.clock.advance(10_000)
    expect(scene.closed).toBe(0)
  })

  test('called off it closes nothing; a second beginning closes once', async () => {
    await using scene = new Scene()
    scene.exported = 0
    scene.drain.begin('stay')
    await scene.clock.advance(500)
    scene.drain.cancel()
    await scene.clock.advance(10_000)
    expect([scene.drain.phase, scene.closed]).toEqual(['no', 0])
    scene.drain.begin('stay')
    await scene.clock.advance(2_000)
    scene.drain.begin('stay')
    await scene.clock.advance(2_000)
    expect([scene.drain.phase, scene.closed]).toEqual(['drained', 1])
  })

  test('once the ports are closed it cannot be called off, and says what to do', async () => {
    await using scene = new Scene()
    scene.exported = 0
    scene.drain.begin('stay')
    await scene.clock.advance(2_000)
    const refused = expect.objectContaining({ code: 'ADMIN_INVALID' }) as unknown
    expect(() => scene.drain.cancel()).toThrow('restart it')
    await expect(Promise.resolve().then(() => scene.drain.cancel())).rejects.toEqual(refused)
  })

  test.each([
    ['stay', false],
    ['stop', true],
  ] as const)('%s: the process ends after it: %s', async (then, wantsStop) => {
    await using scene = new Scene()
    scene.exported = 0
    scene.drain.begin(then)
    expect(scene.drain.wantsStop).toBe(false)
    await scene.clock.advance(2_000)
    expect(scene.drain.wantsStop).toBe(wantsStop)
  })

  test('what was to stay may be told to stop afterwards', async () => {
    await using scene = new Scene()
    scene.exported = 0
    scene.drain.begin('stay')
    await scene.clock.advance(2_000)
    scene.drain.begin('stop')
    expect(scene.drain.wantsStop).toBe(true)
  })

  test('whoever waits for its end waits no longer than asked to', async () => {
    await using scene = new Scene()
    const patience = new AbortController()
    let over = false
    const waiting = scene.drain.over(patience.signal).then(() => (over = true))
    scene.drain.begin('stay')
    await scene.clock.advance(60_000)
    expect(over).toBe(false)
    patience.abort()
    await waiting
    expect([over, scene.drain.phase]).toEqual([true, 'draining'])
  })
})
