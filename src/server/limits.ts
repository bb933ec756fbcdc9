/** What one client, or all together, may use up. */
export interface ServerLimits {
  /** Of a request body, both as sent and unpacked. */
  readonly maxBodyBytes: number
  readonly maxConnections: number
  /** Requests to models under way at a time. */
  readonly maxInFlight: number
  /** Bytes of all their bodies together, with the stored responses that they go on from. */
  readonly maxBytesInFlight: number
  /** From the first byte of a connection to the end of the headers. */
  readonly headersTimeoutMs: number
  /** From the first byte of a request to the last of its body. */
  readonly uploadTimeoutMs: number
  /** How long an unused connection stays open. */
  readonly keepAliveTimeoutMs: number
  /** How long a stream may say nothing before a keep-alive frame is sent. */
  readonly silenceMs: number
  /** How long a reader may take nothing while its buffer is full. */
  readonly stallMs: number
}

/**
 * The places that leave the bound to the queues of models of which each takes so many requests: as many again are for
 * other models and for clouds, and never more than there can be connections.
 */
export function placesBeside(requestsOfOneModel: number): number {
  return Math.min(defaultLimits.maxConnections, Math.max(defaultLimits.maxInFlight, 2 * requestsOfOneModel))
}

export const defaultLimits: ServerLimits = {
  maxBodyBytes: 32 * 1024 * 1024,
  maxConnections: 10_000,
  maxInFlight: 1024,
  maxBytesInFlight: 1024 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  uploadTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  silenceMs: 8_000,
  stallMs: 60_000,
}
