import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { toFailure } from './failures.ts'
import { loadDriver } from './driver.ts'
import type { AnyRequest, CallKind, Calls, Reply, Request, SqliteFile } from './protocol.ts'
import { Session } from './session.ts'
import type { Tables } from './session.ts'
import { decodeSpans, decodeTraces } from './text.ts'

/** `open` only needs the tables to be there, `close` is answered without them. */
type Question = Exclude<CallKind, 'close'>

type Answer<K extends CallKind> = (
  tables: Tables,
  input: Calls[K]['input'],
  wanted: () => boolean,
) => Calls[K]['output']

const ANSWERS: { readonly [K in Question]: Answer<K> } = {
  open: () => null,
  append: ({ writes }, text) => {
    writes.append(decodeSpans(text), nowUs())
    return null
  },
  replace: ({ writes }, text) => {
    writes.replace(decodeTraces(text), nowUs())
    return null
  },
  find: ({ reads }, id) => reads.find(id),
  related: ({ reads }, ids) => reads.related(ids),
  spanIds: ({ spanIds }, query, wanted) => spanIds.find(query, wanted),
  search: ({ reads }, query, wanted) => reads.search(query, wanted),
  list: ({ reads }, range) => reads.list(range),
  fetch: ({ reads }, { rows, range }, wanted) => reads.fetch(rows, range, wanted),
  services: ({ names }) => names.services(),
  operations: ({ names }, service) => names.operations(service),
  remoteServices: ({ names }, service) => names.remoteServices(service),
  load: ({ checkpoints }, name) => checkpoints.load(name),
  save: ({ checkpoints }, { name, value }) => {
    checkpoints.save(name, value)
    return null
  },
}

/** Few enough to let a waiting call through between two steps. */
const EXPIRE_STEP = 100
const MAX_SWEEP_MS = 60_000

const file = workerData as SqliteFile
const session = loadDriver().then((Driver) => new Session(Driver, file))
session.catch(() => undefined) // every answer below reports it
let sweeps: NodeJS.Timeout | undefined

parentPort?.on('message', (request: AnyRequest) => {
  void serve(request)
})

async function serve(request: AnyRequest): Promise<void> {
  const { id } = request
  try {
    const output = request.kind === 'close' ? await close() : answer(await session, request)
    send({ id, kind: 'done', output })
  } catch (error) {
    send({ id, kind: 'failed', failure: toFailure(error, file.path) })
  }
}

function answer<K extends Question>(open: Session, { kind, input, cancel }: Request<K>): unknown {
  const tables = open.tables()
  if (file.mode === 'write') sweeps ??= startSweeps(open)
  return ANSWERS[kind](tables, input, () => Atomics.load(cancel, 0) === 0)
}

function send(reply: Reply): void {
  parentPort?.postMessage(reply)
}

async function close(): Promise<null> {
  clearInterval(sweeps)
  sweeps = undefined
  const open = await session.catch(() => undefined)
  open?.[Symbol.dispose]()
  return null
}

function nowUs(): number {
  return Date.now() * 1_000
}

function startSweeps(open: Session): NodeJS.Timeout {
  const everyMs = Math.min(MAX_SWEEP_MS, Math.ceil(file.retentionMs / 10))
  let running = Promise.resolve()
  return setInterval(() => {
    running = running.then(() => sweep(open)).catch(() => undefined)
  }, everyMs)
}

/** What a sweep cannot remove now (a full disk, a lock) the next one does. */
async function sweep(open: Session): Promise<void> {
  const beforeUs = nowUs() - file.retentionMs * 1_000
  let removed = EXPIRE_STEP
  while (removed === EXPIRE_STEP && sweeps !== undefined) {
    removed = open.tables().writes.expire(beforeUs, EXPIRE_STEP)
    await nextTurn()
  }
}
