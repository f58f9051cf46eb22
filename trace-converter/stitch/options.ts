export interface StitchOptions {
  /** Names under which gateways report their spans, compared without case. */
  readonly gatewayServices: readonly string[]
  /** How far the clocks of two hosts may differ, microseconds. */
  readonly skewBoundUs: number
  /** How far apart, microseconds, two parts may lie that are one trace by its short id alone. */
  readonly joinWindowUs: number
}

export const DEFAULT_STITCH_OPTIONS: StitchOptions = {
  gatewayServices: ['isthmus-gateway'],
  skewBoundUs: 100_000,
  joinWindowUs: 600_000_000,
}
