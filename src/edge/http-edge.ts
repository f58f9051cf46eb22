import type { IncomingMessage, ServerResponse } from 'node:http'
import { IsthmusError } from '../kernel/errors.ts'
import type { Lifetime } from '../kernel/lifetime.ts'
import type { DirectionName } from '../registry/exposure.ts'
import { cross, outcomeOf, type CrossingDeps } from './crossing.ts'
import { authority } from './endpoint.ts'
import { fieldLines } from './exchange.ts'
import { openHttpListener, type HttpListener } from './http-listener.ts'
import { OnwardReply } from './onward-reply.ts'
import { sendRefusal } from './refusal.ts'
import { readHead, type RequestHead } from './request-head.ts'
import type { Route } from './routes.ts'
import { serverExchange, ServerReply } from './server-exchange.ts'
import type { UnderWay } from './under-way.ts'

/** One listener a direction; `life` closes them. */
export async function openHttpEdges(
  routeAt: (port: number) => Route | undefined,
  deps: CrossingDeps,
  crossings: UnderWay,
  life: Lifetime,
): Promise<Readonly<Record<DirectionName, HttpListener>>> {
  const open = async (direction: DirectionName): Promise<HttpListener> => {
    const listener = await openHttpEdge(direction, routeAt, deps, crossings)
    life.defer(() => listener.close())
    return listener
  }
  return {
    'legacy-to-mesh': await open('legacy-to-mesh'),
    'mesh-to-legacy': await open('mesh-to-legacy'),
  }
}

/** HTTP of one direction: the port that a request came in on names its service. */
function openHttpEdge(
  direction: DirectionName,
  routeAt: (port: number) => Route | undefined,
  deps: CrossingDeps,
  crossings: UnderWay,
): Promise<HttpListener> {
  return openHttpListener((request, response, target) => {
    const accepted = examine(request, target, routeAt)
    if ('refused' in accepted) {
      refuse(request, response, direction, accepted.refused, deps)
      return
    }
    const { head, route } = accepted
    crossings.add(cross(serverExchange(request, response, head), route, deps))
  })
}

function examine(
  request: IncomingMessage,
  target: string,
  routeAt: (port: number) => Route | undefined,
): { readonly head: RequestHead; readonly route: Route } | { readonly refused: IsthmusError } {
  const { localAddress: host = '', localPort: port = 0 } = request.socket
  const { method = 'GET', httpVersion } = request
  const headers = fieldLines(request.rawHeaders)
  const head = readHead({ method, target, headers, httpVersion }, authority({ host, port }))
  if ('refused' in head) return head
  if (isWebSocket(request)) return { refused: noUpgrade() }
  const route = routeAt(port)
  return route ? { head, route } : { refused: notOffered() }
}

function notOffered(): IsthmusError {
  return new IsthmusError('NO_ENDPOINT', 'the service is not offered any more')
}

function noUpgrade(): IsthmusError {
  return new IsthmusError('REQUEST_UNSUPPORTED', 'WebSocket is not carried by this version')
}

/** Other upgrades (`h2c`) are offers that a server may pass over; a WebSocket client takes no other answer. */
function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  direction: DirectionName,
  reason: IsthmusError,
  { metrics }: CrossingDeps,
): void {
  metrics.begun(direction)
  sendRefusal(new OnwardReply(new ServerReply(request, response), () => true), reason)
  metrics.ended(direction, outcomeOf(undefined, reason.code), 0)
}
