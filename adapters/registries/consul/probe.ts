import { setTimeout as delay } from 'node:timers/promises'
import { unavailable, type ConsulHttp } from '../../connections/consul/http.ts'
import { parseLeader } from './wire.ts'

const EVERY_MS = 5_000

/** Rejects when Consul hangs or has no leader: blocking queries would show neither for a minute. */
export async function probeLeader(http: ConsulHttp, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(EVERY_MS, undefined, { signal })
    const answer = await http.get('/status/leader', {}, signal)
    if (parseLeader(answer.text) === '') throw unavailable('/status/leader', 'it has no leader')
  }
}
