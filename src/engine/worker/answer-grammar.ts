import { ModelError } from '../../core/errors.ts'
import type { ChatPrompt, ChatTool } from '../chat-prompt.ts'
import { ambiguousChoice, choice, optional, repeat, sequence } from '../grammar/expression.ts'
import type { Expression } from '../grammar/expression.ts'
import { restOfCall, writtenArguments, writtenCalls } from './call-forms.ts'
import type { OutputFormat } from './output/output-format.ts'
import { buildGrammar } from './schema-pieces.ts'
import type { Pieces, SchemaBoundGrammar } from './schema-pieces.ts'

/** What an answer must be: calls, an answer of the shape that was asked for, or either. */
export interface AnswerShape {
  readonly format: OutputFormat
  readonly calls?: { readonly tools: readonly ChatTool[]; readonly most: 'one' | 'several' }
  readonly text?: NonNullable<ChatPrompt['responseFormat']>
  /** Whether the answer comes after reasoning that the prompt has opened. */
  readonly followsThinking: boolean
}

/** The request's field of the schema of the answer's text. */
export const textField = 'responseFormat.schema'

/** A grammar of whole answers. Throws `invalid-request` for a shape that nothing has. */
export function answerGrammar({ format, calls, text, followsThinking }: AnswerShape): SchemaBoundGrammar {
  return buildGrammar(text ? 'responseFormat' : 'tools', pieces => {
    const { say } = pieces
    if (format.type === 'harmony') {
      const options = [
        ...(text ? [sequence(say('final<|message|>'), writtenText(text, pieces))] : []),
        ...(calls ? [sequence(say('commentary to=functions.'), channelledCall(calls.tools, pieces))] : []),
      ]
      return sequence(say(`${followsThinking ? '<|start|>assistant' : ''}<|channel|>`), choice(...options))
    }
    const options = [
      ...(text ? [writtenText(text, pieces)] : []),
      ...(calls && format.calls ? [writtenCalls(format.calls, calls, pieces)] : []),
    ]
    // Where calls bear no marker, both begin with a brace.
    const answer = format.calls?.isBare ? ambiguousChoice(...options) : choice(...options)
    return followsThinking ? sequence(repeat(say('\n'), 0, 2), answer) : answer
  })
}

/** A grammar of the rest of a call whose marker was written; undefined for forms that are only read. */
export function callGrammar(
  format: OutputFormat,
  tools: readonly ChatTool[],
  name: string | undefined,
): SchemaBoundGrammar | undefined {
  if (format.type === 'harmony') {
    const index = tools.findIndex(tool => tool.name === name)
    const tool = tools[index]
    return tool && buildGrammar('tools', pieces => writtenArguments(tool, index, pieces))
  }
  const { calls } = format
  if (!calls || (calls.body !== 'json' && calls.body !== 'named-json')) return undefined
  return buildGrammar('tools', pieces => {
    const space = choice(pieces.say('\n'), pieces.say(' '))
    return sequence(optional(space), restOfCall(calls, tools, pieces))
  })
}

function channelledCall(tools: readonly ChatTool[], pieces: Pieces): Expression {
  const each = tools.map((tool, index) =>
    sequence(pieces.say(`${tool.name} <|constrain|>json<|message|>`), writtenArguments(tool, index, pieces)),
  )
  return choice(...each)
}

function writtenText(asked: NonNullable<AnswerShape['text']>, { anyObject, matching }: Pieces): Expression {
  if (asked.type === 'json-object') return anyObject()
  return matching(asked.schema, {
    field: textField,
    isStrict: true,
    onImpossible: why => {
      throw new ModelError('invalid-request', `the schema of the answer cannot be met: ${why}; loosen it`, {
        code: 'unsupported-value',
        field: ['response_format'],
      })
    },
  })
}
