type Fields = Readonly<Record<string, unknown>>

/**
 * Whether this is plainly a list of entries of `/v1/health/service/<name>`, looked at where it stands.
 * A schema makes a copy of each, and there are thousands; it has the last word on what is not plain.
 */
export function areEntries(answer: unknown): boolean {
  return Array.isArray(answer) && answer.every(isEntry)
}

function isEntry(entry: unknown): boolean {
  if (!isObject(entry)) return false
  const { Node, Service, Checks } = entry
  return isNode(Node) && isService(Service) && isNoneOr(Checks, areChecks)
}

function isNode(node: unknown): boolean {
  return isObject(node) && isText(node['Node']) && isText(node['Address'])
}

function isService(service: unknown): boolean {
  return (
    isObject(service) &&
    isText(service['ID']) &&
    isText(service['Service']) &&
    isNumber(service['Port']) &&
    isNumber(service['ModifyIndex']) &&
    isNoneOr(service['Address'], isText) &&
    isNoneOr(service['Kind'], isText) &&
    isNoneOr(service['Tags'], areTexts) &&
    isNoneOr(service['Meta'], isMeta) &&
    isNoneOr(service['Weights'], areWeights) &&
    isNoneOr(service['Proxy'], isProxy) &&
    isNoneOr(service['Connect'], isConnect)
  )
}

function areChecks(checks: unknown): boolean {
  const isCheck = (one: unknown): boolean =>
    isObject(one) && isText(one['CheckID']) && isText(one['Status'])
  return Array.isArray(checks) && checks.every(isCheck)
}

function areWeights(weights: unknown): boolean {
  return isObject(weights) && isNumber(weights['Passing']) && isNumber(weights['Warning'])
}

function isProxy(proxy: unknown): boolean {
  if (!isObject(proxy)) return false
  const { DestinationServiceName: name, DestinationServiceID: id } = proxy
  return isNoneOr(name, isText) && isNoneOr(id, isText)
}

function isConnect(connect: unknown): boolean {
  if (!isObject(connect)) return false
  const { Native: native } = connect
  return isNoneOr(native, (one) => typeof one === 'boolean')
}

function isMeta(meta: unknown): boolean {
  return isObject(meta) && areTexts(Object.values(meta))
}

function areTexts(texts: unknown): boolean {
  return Array.isArray(texts) && texts.every(isText)
}

/** Consul writes null for an empty list or map. */
function isNoneOr(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || is(value)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value)
}
