import type { KeyText, ServiceKey } from '../../../src/registry/model.ts'

/** One connection's view of the backend: what has changed since it looked, and how it fares. */
export interface Session {
  id: number
  /** What it looked at no longer holds for certain: a complete read is due. */
  reread: boolean
  readonly dirty: Map<KeyText, ServiceKey>
  /** Called when any of this changes. */
  notify: () => void
}
