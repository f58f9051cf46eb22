import { connect, type Socket } from 'node:net'
import { errorCode, IsthmusError } from '../kernel/errors.ts'
import { onSomeEndpoint, type AttemptDeps } from './attempt.ts'
import type { Outcome } from './edge-metrics.ts'
import type { Endpoint } from './endpoint.ts'
import { brokenOff, connectionLate, connectionRefused } from './forward.ts'
import type { Route } from './routes.ts'

export interface TunnelLimits {
  readonly connectTimeoutMs: number
  /** No byte in either direction for so long. */
  readonly idleTimeoutMs: number
}

/** Carries connections of protocols that are not read here, each to one endpoint. */
export class Tunnels {
  readonly #limits: TunnelLimits
  readonly #deps: AttemptDeps
  readonly #open = new Set<Socket>()

  constructor(limits: TunnelLimits, deps: AttemptDeps) {
    this.#limits = limits
    this.#deps = deps
  }

  get size(): number {
    return this.#open.size
  }

  /** Resolves when both ends are closed; never rejects. */
  async carry(caller: Socket, route: Route): Promise<void> {
    const { metrics, clock } = this.#deps
    const startMs = clock.monotonicMs()
    metrics.begun(route.direction)
    this.#open.add(caller)
    const gone = new AbortController()
    caller.on('error', () => undefined) // told by `close`
    caller.once('close', () => gone.abort())
    let failure: unknown
    try {
      await onSomeEndpoint(route, this.#deps, gone.signal, async (endpoint) => {
        const callee = await dial(endpoint, this.#limits.connectTimeoutMs, gone.signal)
        await join(caller, callee, this.#limits.idleTimeoutMs)
      })
    } catch (error) {
      failure = error
      caller.resetAndDestroy()
    }
    this.#open.delete(caller)
    const outcome = outcomeOf(errorCode(failure))
    metrics.ended(route.direction, outcome, (clock.monotonicMs() - startMs) / 1_000)
  }

  closeAll(): void {
    for (const socket of this.#open) socket.destroy()
  }
}

function dial({ host, port }: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true })
    const fail = (reason: IsthmusError): void => {
      socket.destroy()
      reject(reason)
    }
    const gone = (): void => fail(callerGone())
    const late = setTimeout(() => fail(connectionLate()), timeoutMs)
    signal.addEventListener('abort', gone)
    socket.once('error', (cause) => fail(connectionRefused(cause)))
    socket.once('close', () => clearTimeout(late))
    socket.once('connect', () => {
      clearTimeout(late)
      signal.removeEventListener('abort', gone)
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}

/** A half that ends is ended on the other side, a reset is passed on as one: never as an end. */
function join(caller: Socket, callee: Socket, idleTimeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = 2
    const pass = (from: Socket, to: Socket): void => {
      from.pipe(to)
      from.setTimeout(idleTimeoutMs, () => {
        reject(idle())
        from.destroy()
      })
      from.on('error', (cause) => {
        reject(brokenOff(cause))
        to.resetAndDestroy()
      })
      from.once('close', () => {
        if (!from.readableEnded) to.destroy()
        open -= 1
        if (open === 0) resolve()
      })
    }
    pass(caller, callee)
    pass(callee, caller)
  })
}

function callerGone(): IsthmusError {
  return new IsthmusError('CALLER_GONE', 'the caller left')
}

function idle(): IsthmusError {
  return new IsthmusError('UPSTREAM_TIMEOUT', 'no byte in either direction for too long')
}

function outcomeOf(code: string | undefined): Outcome {
  switch (code) {
    case undefined:
      return 'carried'
    case 'NO_ENDPOINT':
      return 'no-endpoint'
    case 'UPSTREAM_REFUSED':
      return 'refused'
    case 'UPSTREAM_TIMEOUT':
      return 'timeout'
    case 'CALLER_GONE':
      return 'caller-gone'
    default:
      return 'reset'
  }
}
