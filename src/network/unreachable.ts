const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve at the moment',
  ECONNREFUSED: 'it refuses the connection',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'the network is unreachable',
  EACCES: 'this machine forbids the connection',
  EPERM: 'this machine forbids the connection',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_PRX_TLS: 'the proxy could not connect to it',
}

/** Says in our own words why a host was not reached, by the system's code; nothing where the code says another thing. */
export function whyUnreachable(code: string): string | undefined {
  return Object.hasOwn(reasons, code) ? reasons[code] : undefined
}

/** Gives the system's code of an error or of what caused it, or an empty text. */
export function errorCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return ''
}
