import { errorCode, errorMessage } from '../../../src/kernel/errors.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { RegistrySource, SourceEvent } from '../../../src/registry/ports.ts'
import { Folder, type Scan } from './folder.ts'
import { Told } from './told.ts'
import { Wake } from './wake.ts'

const LOOK_EVERY_MS = 1_000
/** How soon a loss is looked at again. Editors fill a truncated file within a few ms. */
const LOOK_AGAIN_MS = 250

/** Follows a folder. A file that cannot be read leaves its services as they were, and in doubt. */
export class FileSource implements RegistrySource {
  readonly #path: string
  readonly #log: Log
  #resync: (() => void) | undefined

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  resync(): void {
    this.#resync?.()
  }

  async *watch(signal: AbortSignal): AsyncGenerator<SourceEvent, void, undefined> {
    const folder = new Folder(this.#path)
    const told = new Told()
    const faults = new Faults(this.#log)
    using wake = new Wake(this.#path)
    this.#resync = () => {
      told.forget()
      wake.now()
    }
    while (!signal.aborted) {
      wake.arm()
      const scan = await look(folder)
      if (typeof scan === 'string') {
        yield* told.stale(scan)
      } else {
        faults.report(scan)
        yield* told.files(scan.files)
      }
      const doubtful = typeof scan === 'object' && scan.doubtful
      await wake.wait(doubtful ? LOOK_AGAIN_MS : LOOK_EVERY_MS, signal)
    }
  }
}

/** What the folder holds, or why nothing can be said about it. */
async function look(folder: Folder): Promise<Scan | string> {
  try {
    return await folder.scan()
  } catch (error) {
    return `${folder.path}: ${errorCode(error) ?? errorMessage(error)}`
  }
}

/** Logs each fault of a file once. */
class Faults {
  readonly #log: Log
  #reported = new Map<string, string>()

  constructor(log: Log) {
    this.#log = log
  }

  report({ files }: Scan): void {
    const now = new Map<string, string>()
    for (const [file, { fault }] of files) {
      if (fault === undefined) continue
      now.set(file, fault)
      if (this.#reported.get(file) === fault) continue
      this.#log.warn({ file, fault }, 'file cannot be read, its services are in doubt')
    }
    this.#reported = now
  }
}
