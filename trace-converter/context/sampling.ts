import type { Sampling } from './model.ts'

/**
 * What a coarse decision (a flag that knows yes and no) means when a finer one for the same trace
 * came along: a tracestate member, or B3 headers beside a traceparent.
 *
 * | coarse | finer | result | because |
 * |---|---|---|---|
 * | accept | debug | debug | the flag cannot say debug; nobody has taken it back |
 * | deny | defer | defer | the flag says 0 for "nobody decided" too |
 * | accept | defer | accept | somebody has decided since |
 * | deny | debug | deny | somebody has decided since |
 * | accept | deny | accept | as above: whoever starts a span rewrites the flag, not always the rest |
 * | deny | accept | deny | as above |
 * | same | same | same | |
 *
 * So the coarse one wins wherever the two contradict: it is the one that every participant of its
 * format must keep right, while the finer one may have been carried along unread.
 */
export function refineSampling(coarse: Sampling, finer: Sampling): Sampling {
  if (coarse === 'accept' && finer === 'debug') return 'debug'
  if (coarse === 'deny' && finer === 'defer') return 'defer'
  return coarse
}
