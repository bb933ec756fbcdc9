import { ModelError } from '../core/errors.ts'
import type { ProtocolId } from '../core/extras.ts'
import type { RouteExplanation } from '../services/explain-route.ts'
import { askServer, type ServerAddress } from './ask-server.ts'

/** A request of which a running server is asked where it would send it now. */
export interface RouteQuestion {
  readonly protocol: ProtocolId
  /** As a client would send it. */
  readonly request: unknown
  readonly headers: Readonly<Record<string, string>>
}

const paths: Readonly<Record<ProtocolId, string>> = {
  'anthropic-messages': 'v1/messages',
  'openai-chat': 'v1/chat/completions',
  'openai-responses': 'v1/responses',
}

/** Asks a running server where a request would go at this moment, and why. Throws a `ModelError`. */
export async function askRoute(
  { protocol, request, headers }: RouteQuestion,
  address: ServerAddress,
  signal: AbortSignal,
): Promise<RouteExplanation> {
  const question = { path: `/duologue/explain/route/${paths[protocol]}`, headers, body: request }
  const { status, body } = await askServer(question, address, signal)
  if (status === 200) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- the server is this program
    return JSON.parse(body) as RouteExplanation
  }
  const told = messageIn(body)
  if (told === undefined) throw new ModelError('unavailable', `${address.url} answered with status ${status}`)
  throw new ModelError(status === 400 ? 'invalid-request' : 'unavailable', told)
}

/* Both protocols tell a failure as `error.message`. */
function messageIn(body: string): string | undefined {
  try {
    const message: unknown = Reflect.get(Object(Reflect.get(Object(JSON.parse(body)), 'error')), 'message')
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
