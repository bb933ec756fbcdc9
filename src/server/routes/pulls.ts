import { ModelError, type ErrorKind } from '../../core/errors.ts'
import { Field } from '../../protocols/json.ts'
import { isModelId } from '../../services/shared-pulls.ts'
import type { AskedPull, PullChange, SharedPulls } from '../../services/shared-pulls.ts'
import type { ServerLimits } from '../limits.ts'
import { sendJson } from '../send-json.ts'
import { streamReply } from '../stream-reply.ts'
import { toModelFrames, wordsOfModels } from './model-events.ts'
import type { Route, RouteCall } from './route.ts'

export interface PullRouteOptions {
  readonly pulls: SharedPulls
  readonly limits: ServerLimits
}

const path = '/duologue/models/pull'

/** The routes by which the owner has the server fetch models. */
export function pullRoutes(options: PullRouteOptions): readonly Route[] {
  return [
    { method: 'POST', path, access: 'owner', handle: call => pull(call, options) },
    { method: 'DELETE', path: `${path}/*`, access: 'owner', handle: call => stop(call, options) },
  ]
}

async function pull({ exchange, body }: RouteCall, { pulls, limits }: PullRouteOptions): Promise<void> {
  const started = await pulls.start(decodePull(body)).catch(aboutModel)
  if (exchange.request.headers.accept?.includes('text/event-stream') === true) {
    const changes = toModelFrames(tellAll(started, pulls, exchange.signal))
    return streamReply(exchange, changes, { ...limits, words: wordsOfModels })
  }
  sendJson(exchange, { status: started.state === 'downloaded' ? 200 : 202, headers, body: started })
}

async function stop({ exchange, rest }: RouteCall, { pulls }: PullRouteOptions): Promise<void> {
  sendJson(exchange, { status: 200, headers, body: await pulls.stop(rest) })
}

async function* tellAll(started: PullChange, pulls: SharedPulls, signal: AbortSignal): AsyncGenerator<PullChange> {
  if (started.state === 'downloaded') yield started
  else yield* pulls.follow(started.model, signal)
}

const known: ReadonlySet<string> = new Set(['model', 'name', 'force'])
const mostLetters = 2000
const nameRule =
  'must be up to 100 small letters, digits, dots, dashes and underscores, with a letter or digit at its beginning'

function decodePull(body: unknown): AskedPull {
  const root = new Field(body)
  const unknown = Object.keys(root.object()).find(name => !known.has(name))
  if (unknown !== undefined) root.at(unknown).fail(`is not known; there are ${[...known].join(', ')}`)
  const name = root.at('name').maybe(field => (isModelId(field.string()) ? field.string() : field.fail(nameRule)))
  const isForced = root.at('force').maybe(field => field.boolean())
  return {
    reference: root.at('model').name(mostLetters),
    ...(name !== undefined && { name }),
    ...(isForced !== undefined && { isForced }),
  }
}

/* What is too large is the model here, and not what was sent. */
const aboutTheModel: ReadonlySet<ErrorKind> = new Set(['invalid-request', 'too-large'])

function aboutModel(error: unknown): never {
  if (!(error instanceof ModelError) || !aboutTheModel.has(error.kind)) throw error
  throw new ModelError('invalid-request', `model: ${error.message}`, { field: ['model'], cause: error })
}

const headers = { 'cache-control': 'no-store' }
