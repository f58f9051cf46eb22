import type { ContractCase } from './registry-case.ts'
import type { RegistryHarness } from './registry-harness.ts'
import { IDENTITY } from './registry-identity.ts'
import { READING } from './registry-reading.ts'
import { TAKING_AWAY } from './registry-removal.ts'
import { WRITING } from './registry-writing.ts'
import { describeContract, type ContractOptions } from './suite.ts'

const CASES: readonly ContractCase[] = [...READING, ...IDENTITY, ...WRITING, ...TAKING_AWAY]

/** The contract of src/registry/ports.ts, for any backend. Each case gets a harness of its own. */
export function describeRegistryContract(
  name: string,
  make: () => Promise<RegistryHarness>,
  options: ContractOptions = {},
): void {
  describeContract(`registry contract: ${name}`, CASES, make, options)
}
