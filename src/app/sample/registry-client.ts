/** A registry as a plain service uses it: its own client library, nothing of Isthmus. */
export interface RegistryClient extends AsyncDisposable {
  register(service: string, host: string, port: number): Promise<void>
  /** `host:port` of one instance; undefined when there is none. */
  lookup(service: string): Promise<string | undefined>
}

/** One of them, as a client without preferences would. */
export function pick<T>(candidates: readonly T[]): T | undefined {
  return candidates[Math.floor(Math.random() * candidates.length)]
}
