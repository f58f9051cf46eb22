import { JaegerSpanReader } from '../../adapters/span-stores/jaeger/reader.ts'
import { ZipkinSpanReader } from '../../adapters/span-stores/zipkin/reader.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { LINKING_TITLES } from '../contract/span-store-linking.ts'
import { describeSpanStore } from '../contract/span-store.ts'
import { jaegerReplica } from '../support/jaeger-replica.ts'
import { servedStore } from '../support/served-store.ts'
import { zipkinReplica } from '../support/zipkin-replica.ts'

const reads = 'the API is read only: what it answers was never written by us'
const wholeIds = 'the API looks up whole ids'
const bySpanId = 'the API has no search by span id: findsSpanIds is false'
const slow = 'each halving asks again for all of them: see "halves a range" below'

const BOTH = [
  { test: 'gives every field of a span back as it was', reason: 'held by the tests of the codec' },
  { test: 'puts a trace in place of what was under its id, with notes and aliases', reason: reads },
  { test: 'takes the place of its aliases and is found by them', reason: reads },
  { test: 'forgets aliases that the new trace no longer has', reason: reads },
  { test: 'finds the long one of a short id', reason: wholeIds },
  { test: 'finds all that may belong to one chain, each once', reason: wholeIds },
  { test: 'finds what may belong to an alias', reason: wholeIds },
  { test: 'scans many spans in bounded batches and never splits a trace', reason: slow },
  { test: 'misses no trace whose start moves back while the scan is under way', reason: slow },
  { test: 'ends a scan when its caller gives up', reason: slow },
  ...LINKING_TITLES.map((test) => ({ test, reason: bySpanId })),
]

const ZIPKIN_ONLY = [
  {
    test: 'counts a span without a start by when it was written',
    reason: 'Zipkin finds no span without a timestamp',
  },
  {
    test: 'finds traces by a duration of 0, which is not an absent one',
    reason: 'Zipkin has no duration of 0',
  },
  {
    test: 'names services, operations and remote services, sorted and as stored',
    reason: 'Zipkin lists names without kinds',
  },
  {
    test: 'sorts operations of one name by kind, one without a kind first',
    reason: 'Zipkin lists names without kinds',
  },
] as const

describeSpanStore(
  'zipkin over HTTP',
  () =>
    servedStore(zipkinReplica, (url) => new ZipkinSpanReader({ name: 'raw', url, log: silentLog })),
  { skip: [...BOTH, ...ZIPKIN_ONLY] },
)

const oneService = 'Jaeger searches one service at a time: refused, see below'
const noRemote = 'Jaeger has no list of remote services: refused, see below'

const JAEGER_ONLY = [
  ['no longer finds a trace by what only the replaced one had', oneService],
  ['counts a span without a start by when it was written', 'every Jaeger span has a start'],
  ['finds traces by no condition', oneService],
  ['finds traces by a span name without a service', oneService],
  ['finds traces by a remote service', noRemote],
  ['finds traces by a remote service without a service', oneService],
  ['finds traces by a duration of 0, which is not an absent one', oneService],
  ['finds traces by a tag of a number by its text', oneService],
  ['finds traces by a tag by its key', 'Jaeger wants a value: refused, see below'],
  ['finds traces by a tag with an empty text', oneService],
  ['finds traces by an event by its name', oneService],
  ['finds traces by a field of an event', oneService],
  ['finds traces by an attribute of the process', oneService],
  ['finds traces by tags of two spans', oneService],
  ['finds traces by two tags of one span', oneService],
  ['finds traces by everything together', 'it has a tag without a value: refused, see below'],
  ['finds traces by a limit: the newest', oneService],
  ['finds traces by a range, half open', oneService],
  ['finds traces by a range with nothing in it', oneService],
  ['names services, operations and remote services, sorted and as stored', noRemote],
  ['answers nothing when it is empty', oneService],
  ['does nothing for a caller that has given up', oneService],
].map(([test = '', reason = '']) => ({ test, reason }))

describeSpanStore(
  'jaeger over HTTP',
  () =>
    servedStore(jaegerReplica, (url) => new JaegerSpanReader({ name: 'raw', url, log: silentLog })),
  { skip: [...BOTH, ...JAEGER_ONLY] },
)
