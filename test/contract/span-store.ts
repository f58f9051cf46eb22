import type { SpanStore } from '../../trace-converter/store.ts'
import type { StoreCase } from './span-store-case.ts'
import { STORE_ENDING } from './span-store-ending.ts'
import { STORE_FINDING } from './span-store-finding.ts'
import { STORE_LINKING } from './span-store-linking.ts'
import { STORE_SCANNING } from './span-store-scanning.ts'
import { STORE_SEARCHING } from './span-store-searching.ts'
import { STORE_WRITING } from './span-store-writing.ts'
import { describeContract, type ContractOptions } from './suite.ts'

const CASES: readonly StoreCase[] = [
  ...STORE_WRITING,
  ...STORE_FINDING,
  ...STORE_LINKING,
  ...STORE_SCANNING,
  ...STORE_SEARCHING,
  ...STORE_ENDING,
]

/** The contract of trace-converter/store.ts. `make` gives an empty store; the suite closes it. */
export function describeSpanStore(
  name: string,
  make: () => Promise<SpanStore>,
  options: ContractOptions,
): void {
  describeContract(`span store contract: ${name}`, CASES, make, options)
}
