import type { RegistryHarness } from './registry-harness.ts'

/** One promise of the ports. Whoever breaks it fails `run`. */
export interface ContractCase {
  readonly title: string
  readonly run: (harness: RegistryHarness) => Promise<void>
}

export function promise(title: string, run: ContractCase['run']): ContractCase {
  return { title, run }
}
