const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'apikey',
  'api_key',
  'cookie',
  'set-cookie',
  'key',
  'keys',
  'token',
  'hubtoken',
  'secret',
  'password',
  'body',
  'prompt',
])

/** How deep a record is looked into. What lies deeper is not written at all. */
const maxDepth = 5

/** Gives a record in which every field with a secret's name is hidden, whatever its case and depth. */
export function hideSecrets(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return hideIn(record, maxDepth)
}

function hideIn(record: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(record)) {
    shown[name] = secretNames.has(name.toLowerCase()) && value !== undefined ? '[redacted]' : show(value, depth - 1)
  }
  return shown
}

function show(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '[deep]'
  if (value instanceof Error) return hideIn(describeError(value), depth)
  if (Array.isArray(value)) return value.map(item => show(item, depth - 1))
  return hideIn(value, depth)
}

/** What the log keeps of an error: not its other fields, which may hold a request or its headers. */
function describeError(error: Error): Record<string, unknown> {
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: error.cause }),
    ...(error instanceof AggregateError && { errors: error.errors }),
  }
}
