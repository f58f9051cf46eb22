import { unavailable } from '../../connections/consul/http.ts'

/**
 * Consul leaves out what a token may not read and answers as if it were not there: a token that has
 * lost its rights sees an empty catalog, and no error. Consul's own service always is in the
 * catalog. So whoever has seen it once and sees it no more has lost his sight.
 */
export class Sight {
  #seen = false

  /** Rejects as an outage does: nothing is known, and it may come back. */
  check(path: string, showsConsul: boolean): void {
    if (!showsConsul && this.#seen) {
      throw unavailable(path, 'it does not show its own service: has the token lost its rights?')
    }
    this.#seen ||= showsConsul
  }
}
