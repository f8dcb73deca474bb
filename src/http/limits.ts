/** What a connection may take before it is closed. */
export interface HttpLimits {
  /** A connection on which nothing moves for this long, in either direction, is closed. */
  readonly silenceMsMax: number
  /** One that waits for its next request is kept this long. */
  readonly keepAliveMs: number
  /** From a request's first byte, or a connection's beginning, to the end of its headers; a TLS handshake, too. */
  readonly headersMsMax: number
  /** Of a body that nobody wants, this much is read so that its sender sees the answer. */
  readonly unwantedBytesMax: number
  /** And for this long. */
  readonly unwantedMsMax: number
}

export const defaultHttpLimits: HttpLimits = {
  silenceMsMax: 120_000,
  // Longer than load balancers and clients keep idle connections, so that it is they who close, and never mid-request.
  keepAliveMs: 150_000,
  headersMsMax: 60_000,
  unwantedBytesMax: 64 * 1024 * 1024,
  unwantedMsMax: 5_000,
}
