import { networkInterfaces } from 'node:os'

/** An IPv4 address of this machine that is no loopback: Dubbo takes no other one. */
export function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  if (!found) throw new Error('Dubbo refuses 127.*: give this machine another IPv4 address')
  return found.address
}
