import { setTimeout as delay } from 'node:timers/promises'
import { keyText, type KeyText, type ServiceKey } from '../../../src/registry/model.ts'
import { eventually } from '../eventually.ts'
import { serviceKeys, type Services } from './services.ts'

/** So many changes of one side are under way at most. */
const AT_ONCE = 4
/** One that comes is gone again when so many more have come. */
const VISITORS = 10
const TRY_EVERY_MS = 50
const TRIES_FOR_MS = 60_000
/** Those that only visit have numbers from here on, and each comes once. */
const FIRST_VISITOR = 10_000

/** The label that says how often a service was changed. */
export const REVISION = 'revision'

interface Counts {
  readonly came: number
  readonly changed: number
  readonly went: number
}

/**
 * Services of one side that come, change a label and go, at a steady pace, as long as it runs.
 * Each tries until its registry has taken the change, whatever becomes of the registry; changes
 * that an outage held up are made up for.
 */
export class Churn {
  readonly #side: 'legacy' | 'mesh'
  readonly #client: SideClient
  /** What is there at the start stays, and is changed now and then. */
  readonly #stable: ServiceKey[]
  readonly #visitors: ServiceKey[] = []
  readonly #revisions = new Map<KeyText, string>()
  #counts = { came: 0, changed: 0, went: 0 }
  #turn = 0

  constructor(services: Services, side: 'legacy' | 'mesh') {
    this.#side = side
    this.#client = clientOf(services, side)
    this.#stable = [...(side === 'legacy' ? services.legacyKeys : services.meshKeys)]
  }

  get counts(): Counts {
    return this.#counts
  }

  get total(): number {
    return this.#counts.came + this.#counts.changed + this.#counts.went
  }

  /** The last label of each service that was changed. */
  get revisions(): ReadonlyMap<KeyText, string> {
    return this.#revisions
  }

  async run(perSecond: number, signal: AbortSignal): Promise<void> {
    const beganMs = performance.now()
    const work = async (): Promise<void> => {
      while (!signal.aborted) {
        const turn = this.#turn++
        const dueMs = beganMs + (turn * 1_000) / perSecond
        await delay(Math.max(0, dueMs - performance.now()))
        await this.#change(turn)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  /** Of five changes one comes, one goes, and three change a label. */
  async #change(turn: number): Promise<void> {
    const [visitor] = serviceKeys(this.#side, FIRST_VISITOR + turn, FIRST_VISITOR + turn + 1)
    const oldest = this.#visitors.length > VISITORS ? this.#visitors.shift() : undefined
    if (turn % 5 === 0 && visitor) await this.#come(visitor)
    else if (turn % 5 === 3 && oldest) await this.#go(oldest)
    else {
      if (oldest) this.#visitors.unshift(oldest)
      await this.#relabel(String(turn))
    }
  }

  async #come(key: ServiceKey): Promise<void> {
    await untilTaken(() => this.#client.add([key]))
    this.#visitors.push(key)
    this.#counts.came += 1
  }

  async #go(key: ServiceKey): Promise<void> {
    await untilTaken(() => this.#client.remove([key]))
    this.#counts.went += 1
  }

  async #relabel(revision: string): Promise<void> {
    const key = this.#stable.shift() // nobody else changes it meanwhile
    if (!key) return
    await untilTaken(() => this.#client.relabel(key, { [REVISION]: revision }))
    this.#revisions.set(keyText(key), revision)
    this.#stable.push(key)
    this.#counts.changed += 1
  }
}

interface SideClient {
  add(keys: readonly ServiceKey[]): Promise<void>
  relabel(key: ServiceKey, labels: Readonly<Record<string, string>>): Promise<void>
  remove(keys: readonly ServiceKey[]): Promise<void>
}

function clientOf(services: Services, side: 'legacy' | 'mesh'): SideClient {
  return side === 'legacy'
    ? {
        add: (keys) => services.addLegacy(keys),
        relabel: (key, labels) => services.relabelLegacy(key, labels),
        remove: (keys) => services.removeLegacy(keys),
      }
    : {
        add: (keys) => services.addMesh(keys),
        relabel: (key, labels) => services.relabelMesh(key, labels),
        remove: (keys) => services.removeMesh(keys),
      }
}

async function untilTaken(attempt: () => Promise<void>): Promise<void> {
  await eventually(
    'the registry takes the change',
    async () => {
      const taken = await attempt().then(
        () => true,
        () => false,
      )
      if (!taken) await delay(TRY_EVERY_MS)
      return taken
    },
    TRIES_FOR_MS,
  )
}
