import { expect, test } from '@jest/globals'
import { consul } from '../../../src/config/consul.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

const faultsOf = (part: object): readonly string[] => {
  const parsed = consul.safeParse({ kind: 'consul', name: 'consul', ...part })
  const issues = parsed.success ? [] : parsed.error.issues
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test.each([
  ['nothing but its name', {}],
  ['a token in a file', { tokenFile: '/run/secrets/consul' }],
  ['all of Consul Enterprise', { datacenter: 'dc2', namespace: 'team', partition: 'east' }],
  [
    'TLS with a name of its own',
    { url: 'https://c:8501', tls: { serverName: 'server.dc1.consul' } },
  ],
  ['a certificate of its own', { url: 'https://c:8501', tls: { ca: PEM, cert: PEM, key: PEM } }],
])('a Consul registry may have: %s', (_, part) => {
  expect(faultsOf(part)).toEqual([])
})

test.each([
  [
    'two tokens: nobody knows which one counts',
    { token: 'a', tokenFile: 'b' },
    'tokenFile: give either token or tokenFile, not both',
  ],
  [
    'TLS without https: it would have no effect',
    { tls: { ca: PEM } },
    'tls: is for https:// URLs only: change url, or remove it',
  ],
  [
    'a certificate without its key',
    { url: 'https://c', tls: { cert: PEM } },
    'tls.key: give both cert and key, or neither',
  ],
  [
    'a path in place of a text',
    { url: 'https://c', tls: { ca: '/etc/ca.pem' } },
    'tls.ca: must be PEM text: use ${file:PATH} for a file',
  ],
])('a Consul registry may not have %s', (_, part, fault) => {
  expect(faultsOf(part)).toEqual([fault])
})
