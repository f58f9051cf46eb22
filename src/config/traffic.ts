import { z } from 'zod'
import { durationMs } from './fields.ts'

/** Limits of the data plane. */
export const traffic = z
  .strictObject({
    connectTimeoutMs: durationMs(2_000),
    idleTimeoutMs: durationMs(60_000).describe('No byte in either direction for so long'),
    tcpIdleTimeoutMs: durationMs(3_600_000).describe(
      'The same for connections of other protocols, quiet between their heartbeats',
    ),
    totalTimeoutMs: durationMs(300_000),
    drainMs: durationMs(10_000).describe('Time for requests under way when stopping'),
  })
  .prefault({})
