import type { Instance } from '../registry/model.ts'
import { namePattern } from './name-rules.ts'
import type { Pattern } from './name-rules.ts'

/** Says of an instance, with the value `true`, that its service may run on none and is still there. */
const SCALE_TO_ZERO_LABEL = 'scale-to-zero'

/**
 * Which entries stay when their service has no usable instance left, so that a call can start one.
 * The entry itself remembers what its last instances said: it carries their labels, also through
 * a restart of the gateway.
 */
export class ScaleToZero {
  #patterns: readonly Pattern[] = []

  /** `names` are of services as their own side calls them, with `*` and `?` as in files. */
  configure(names: readonly string[]): void {
    this.#patterns = names.map(namePattern)
  }

  /** By what `entry`, of ours, stays; undefined when it goes. */
  reasonFor({ labels, origin }: Instance): string | undefined {
    if (labels[SCALE_TO_ZERO_LABEL] === 'true') return `label ${SCALE_TO_ZERO_LABEL}`
    const name = origin?.key.name
    const rule = name === undefined ? undefined : this.#patterns.find((one) => one.matches(name))
    return rule && `sync.scaleToZero ${rule.text}`
  }
}
