import { z } from 'zod'
import { errorCode, errorMessage } from '../../../src/kernel/errors.ts'

const UNKNOWN_AUTHORITY = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

/** By TLS 1.2, in the handshake: bad, unsupported, revoked, expired, unknown, of an unknown authority. */
const CERTIFICATE_REFUSED =
  /^ERR_SSL_(SSLV3|TLSV1|TLSV13)_ALERT_(HANDSHAKE_FAILURE|(BAD_|UNSUPPORTED_)?CERTIFICATE.*|UNKNOWN_CA)$/

/** As undici tells of a connection that the server closed before it answered anything. */
const closedUnanswered = z.object({
  code: z.literal('UND_ERR_SOCKET'),
  socket: z.object({ bytesRead: z.literal(0) }),
})

/**
 * What to change in the configuration where a request failed for the TLS around it; undefined where
 * it failed for something else. The fields are those of a registry of kind `consul`.
 */
export function tlsFailure(error: unknown, isTls: boolean): string | undefined {
  const code = errorCode(error)
  if (!isTls || code === undefined) return undefined
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `its certificate is by an authority that is not known here: put the PEM of that authority into tls.ca (${code})`
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: renew it there'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name: set tls.serverName to one that it has (${errorMessage(error)})`
  }
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'tls.key is not the key of tls.cert'
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return 'it does not speak TLS on this port: begin url with http://, or give its HTTPS port'
  }
  // By TLS 1.3 the server refuses after the handshake, and closes what the client thinks is open.
  if (CERTIFICATE_REFUSED.test(code) || closedUnanswered.safeParse(error).success) {
    return `it closed the connection, as it does on who shows no certificate that it trusts: look at tls.cert and tls.key (${code})`
  }
  return undefined
}
