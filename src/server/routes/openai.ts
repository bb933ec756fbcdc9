import { openaiChat } from '../../protocols/openai-chat/index.ts'
import { answerCall, type AnswerCallOptions } from './answer-call.ts'
import type { Route } from './route.ts'

/** The routes of the OpenAI API. */
export function openaiRoutes(options: Omit<AnswerCallOptions, 'protocol'>): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/chat/completions',
      access: 'key',
      handle: call => answerCall(call, { ...options, protocol: openaiChat }),
    },
  ]
}
