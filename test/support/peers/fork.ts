import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { within } from '../within.ts'

export interface PeerProcess extends AsyncDisposable {
  readonly port: number
}

/** Starts `<name>-peer.ts` in a process of its own. */
export async function forkPeer(name: 'jaeger' | 'zipkin' | 'opentelemetry'): Promise<PeerProcess> {
  const child = fork(join(import.meta.dirname, `${name}-peer.ts`), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const said = Promise.race([once(child, 'message'), ended])
  const told = await within(`the ${name} peer tells its port`, said)
  const [message] = told as readonly unknown[]
  if (typeof message !== 'object' || message === null || !('port' in message)) {
    throw new Error(`the ${name} peer did not start`)
  }
  return {
    port: Number(message.port),
    [Symbol.asyncDispose]: async () => {
      child.disconnect()
      await within(`the ${name} peer ends`, ended)
    },
  }
}
