type Listener = (reason: unknown) => void

const listeners = new WeakMap<AbortSignal, Set<Listener>>()

/**
 * Calls `listener` once `signal` aborts; returns what takes that back. A signal looks through all
 * that listen to it for each one that is added: here a thousand share one place.
 */
export function onAbort(signal: AbortSignal, listener: Listener): () => void {
  const sharing = listeners.get(signal) ?? listenTo(signal)
  sharing.add(listener)
  return () => sharing.delete(listener)
}

function listenTo(signal: AbortSignal): Set<Listener> {
  const sharing = new Set<Listener>()
  listeners.set(signal, sharing)
  const tell = (): void => {
    for (const listener of sharing) listener(signal.reason)
  }
  signal.addEventListener('abort', tell, { once: true })
  return sharing
}
