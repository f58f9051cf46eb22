const HEX16 = '(?!0{16})[0-9a-f]{16}'
const TRACE_ID = `(?!0{16}(0{16})?-)(${HEX16}|[0-9a-f]{32})`
/** The grammars of what is written, once more and apart from the codecs. */
const GRAMMAR: Readonly<Record<string, RegExp>> = {
  traceparent: /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/,
  tracestate: /^[a-z0-9][a-z0-9_\-*/@]*=[ -+\--<>-~]*(,[a-z0-9][a-z0-9_\-*/@]*=[ -+\--<>-~]*)*$/,
  baggage:
    /^[^\x00-\x20",;\\\x7f-\uffff]+(; ?[^\x00-\x1f",;\\\x7f-\uffff]+)*(,[^\x00-\x20",;\\\x7f-\uffff]+(; ?[^\x00-\x1f",;\\\x7f-\uffff]+)*)*$/,
  b3: new RegExp(`^([01d]|${TRACE_ID}-${HEX16}(-[01d](-${HEX16})?)?)$`),
  'x-b3-traceid': /^(?!0+$)([0-9a-f]{16}|[0-9a-f]{32})$/,
  'x-b3-spanid': /^(?!0+$)[0-9a-f]{16}$/,
  'x-b3-parentspanid': /^(?!0+$)[0-9a-f]{16}$/,
  'x-b3-sampled': /^[01]$/,
  'x-b3-flags': /^1$/,
  'uber-trace-id':
    /^(?!0+:)([0-9a-f]{16}|[0-9a-f]{32}):(?!0+:)[0-9a-f]{16}:(0|[0-9a-f]{16}):[0-9a-f]$/,
  'jaeger-baggage': /^[!-~]+=[!-+\--~]*(, [!-~]+=[!-+\--~]*)*$/,
  'jaeger-debug-id': /^[!-~]+$/,
  'x-amzn-trace-id':
    /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;Parent=(?!0{16})[0-9a-f]{16})?(;Sampled=[01?])?(;[\w-]+=[!-+\--:<-~]+)*$/,
  'ot-tracer-traceid': /^(?!0+$)([0-9a-f]{16}|[0-9a-f]{32})$/,
  'ot-tracer-spanid': /^(?!0+$)[0-9a-f]{16}$/,
  'ot-tracer-sampled': /^(true|false)$/,
  sw8: /^[01](-[A-Za-z0-9+/]+=*){2}-[0-9]+(-[A-Za-z0-9+/]+=*){4}$/,
  'sw8-x': /^[!-~]+$/,
  'sw8-correlation': /^[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]*=*(,[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]*=*)*$/,
  'eagleeye-traceid': /^[0-9A-Za-z_.-]{1,128}$/,
  'eagleeye-rpcid': /^[0-9]+(\.[0-9]+)*$/,
  'eagleeye-spanid': /^-?[1-9][0-9]{0,18}$/,
  'eagleeye-pspanid': /^-?[1-9][0-9]{0,18}$/,
  'eagleeye-sampled': /^[01]$/,
  'eagleeye-pappname': /^[ -~]+$/,
  'eagleeye-prpc': /^[ -~]+$/,
  'eagleeye-userdata': /^[!-~]+=[!-~]*(&[!-~]+=[!-~]*)*$/,
  _catrootmessageid: /^[!-~]+-[0-9a-f]{8}-[0-9]+-[0-9]+$/,
  _catparentmessageid: /^[!-~]+-[0-9a-f]{8}-[0-9]+-[0-9]+$/,
  _catchildmessageid: /^[!-~]+-[0-9a-f]{8}-[0-9]+-[0-9]+$/,
  'x-datadog-trace-id': /^[1-9][0-9]{0,19}$/,
  'x-datadog-parent-id': /^[1-9][0-9]{0,19}$/,
  'x-datadog-sampling-priority': /^(0|-?[1-9][0-9]*)$/,
  'x-datadog-origin': /^[ -~]+$/,
  'x-datadog-tags': /^_dd\.p\.[!-+\--~]+=[ -+\--~]*(,_dd\.p\.[!-+\--~]+=[ -+\--~]*)*$/,
}

/** What a value of this field must look like; of a field that nobody owns, none does. */
export function grammarOf(name: string): RegExp {
  if (/^(uberctx|ot-baggage)-/.test(name)) return /^[!-~]*$/
  return GRAMMAR[name] ?? /^no such field$/
}

export function isOwned(name: string): boolean {
  const lower = name.toLowerCase()
  return lower in GRAMMAR || /^(uberctx|ot-baggage)-/.test(lower)
}

const HEX = '[0-9A-Fa-f]'
const SPACES = '[ \\t]*'
/**
 * What a strict reader may take for a context, of the fields that hold one whole: the grammar, and
 * the readings that the page lists.
 */
export const READABLE: Readonly<Record<string, RegExp>> = {
  traceparent: new RegExp(
    `^${SPACES}(?!ff)(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|(?!00)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[^]*)?)${SPACES}$`,
  ),
  b3: new RegExp(
    `^${SPACES}(${HEX}{16}|${HEX}{32})-${HEX}{16}(-[01d])?(-${HEX}{16})?${SPACES}(,[^]*)?$`,
  ),
  'uber-trace-id': new RegExp(
    `^${SPACES}${HEX}{1,32}(:|%3[aA])${HEX}{1,16}(:|%3[aA])${HEX}{1,16}(:|%3[aA])${HEX}{1,2}${SPACES}(,[^]*)?$`,
  ),
}
