import type { Answer } from '../../core/collect.ts'
import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { playAnswer } from '../../core/play-answer.ts'
import { objectIn } from '../json.ts'
import type { ReplyContext } from '../protocol.ts'
import { ResponseWriter } from './response-writer.ts'

/** Speaks a whole answer: it is the response that the last event of its stream would hold. */
export function encodeAnswer(answer: Answer, context: ReplyContext): JsonObject {
  const writer = new ResponseWriter(context)
  const last = [...playAnswer(answer)].flatMap(event => writer.write(event)).at(-1)
  const response = objectIn(last?.['response'])
  if (!response) throw new ModelError('internal', 'an answer ended without a response')
  return response
}
