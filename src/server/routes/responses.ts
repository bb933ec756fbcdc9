import type { ModelEvent, ModelStream } from '../../core/events.ts'
import { Fold } from '../../core/collect.ts'
import { openaiResponses } from '../../protocols/openai-responses/index.ts'
import type { ReplyContext } from '../../protocols/protocol.ts'
import type { CountTokensService } from '../../services/count-tokens.ts'
import type { KeepResponsesService, Remembered } from '../../services/keep-responses.ts'
import type { Exchange } from '../exchange.ts'
import { sendJson } from '../send-json.ts'
import { tellAnswer } from '../tell-answer.ts'
import { answerDecoded, type AnswerCallOptions, type Asked } from './answer-call.ts'
import { type Echo, type RecallMeans, readRecalled } from './read-recalled.ts'
import { ownerOf } from './response-owner.ts'
import type { Route, RouteCall } from './route.ts'
import { storedResponseRoutes } from './stored-responses.ts'

const { server, stateful } = openaiResponses

export interface ResponsesOptions extends Omit<AnswerCallOptions, 'protocol'>, RecallMeans {
  readonly countTokens: CountTokensService
}

/** The routes of OpenAI's Responses API. */
export function responsesRoutes(options: ResponsesOptions): readonly Route[] {
  return [
    { method: 'POST', path: '/v1/responses', access: 'key', handle: call => answer(call, options) },
    { method: 'POST', path: '/v1/responses/input_tokens', access: 'key', handle: call => count(call, options) },
    ...storedResponseRoutes(options),
  ]
}

async function answer({ exchange, body }: RouteCall, options: ResponsesOptions): Promise<void> {
  const { responses } = options
  const { decoded, echo, recalled, circumstances, isRelayable } = await readRecalled(exchange, body, options)
  const asked: Asked = {
    decoded,
    circumstances,
    isRelayable,
    ...(echo.store && {
      watch: (events, context) => keep(events, { exchange, body, echo, recalled, context }, responses),
    }),
  }
  await answerDecoded(exchange, asked, { ...options, protocol: openaiResponses })
}

async function count({ exchange, body }: RouteCall, options: ResponsesOptions): Promise<void> {
  const { decoded, circumstances } = await readRecalled(exchange, body, options)
  const { signal, trace } = exchange
  const input_tokens = await options.countTokens(decoded.request, { signal, circumstances, trace })
  tellAnswer(exchange)
  sendJson(exchange, { status: 200, body: { object: 'response.input_tokens', input_tokens } })
}

interface Kept {
  readonly exchange: Exchange
  readonly body: unknown
  readonly echo: Echo
  readonly recalled: Remembered
  readonly context: ReplyContext
}

/** Keeps an answer once it is whole, before its client is told whether it is kept. */
async function* keep(
  events: ModelStream,
  { exchange, body, echo, recalled, context }: Kept,
  responses: KeepResponsesService,
): AsyncGenerator<ModelEvent> {
  const fold = new Fold()
  for await (const event of events) {
    const answer = fold.add(event)
    if (answer) {
      const { previousId } = stateful.referencesIn(body)
      echo.store = await responses.keep({
        id: context.responseId,
        owner: ownerOf(exchange),
        ...(previousId !== undefined && { previousId }),
        isLocalOnly: exchange.trace.localOnly !== undefined,
        input: stateful.inputItems(body, context.responseId, recalled),
        response: server.encodeAnswer(answer, context),
      })
    }
    yield event
  }
}
