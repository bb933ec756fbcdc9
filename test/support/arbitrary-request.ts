import * as fc from 'fast-check'
import type { ContentBlock, TextBlock, ToolCallBlock, ToolResultBlock } from '../../src/core/content.ts'
import type {
  Message,
  ModelRequest,
  ResponseFormat,
  Sampling,
  Thinking,
  Tool,
  ToolChoice,
} from '../../src/core/request.ts'
import { defined } from '../../src/protocols/json.ts'
import { anyJsonObject, anyToolInput, someText } from './arbitrary-answer.ts'

/** What a protocol can say of a request. What is absent here is drawn from everything the vocabulary has. */
export interface RequestWords {
  /** Blocks of a user turn, beside text. */
  readonly userBlocks?: readonly fc.Arbitrary<ContentBlock>[]
  /** Blocks of an assistant turn, beside text. */
  readonly assistantBlocks?: readonly fc.Arbitrary<ContentBlock>[]
  readonly system?: fc.Arbitrary<readonly TextBlock[]>
  readonly hasSystemTurns?: boolean
  /** Whether a tool call is followed by a turn with its result. */
  readonly hasToolTurns?: boolean
  readonly tool?: fc.Arbitrary<Tool>
  readonly toolChoice?: readonly ToolChoice['type'][]
  readonly sampling?: fc.Arbitrary<Sampling | undefined>
  readonly maxTokens?: fc.Arbitrary<number | undefined>
  readonly stopSequences?: fc.Arbitrary<readonly string[] | undefined>
  readonly thinking?: fc.Arbitrary<Thinking | undefined>
  readonly effort?: fc.Arbitrary<ModelRequest['effort']>
  readonly responseFormat?: fc.Arbitrary<ResponseFormat | undefined>
  readonly userId?: fc.Arbitrary<string | undefined>
  /** Everything else, laid over the request. */
  readonly rest?: fc.Arbitrary<Partial<ModelRequest>>
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

/** Any valid request that has only what `words` allow. */
export function arbitraryRequest(words: RequestWords = {}): fc.Arbitrary<ModelRequest> {
  const said = { ...everything(), ...words }
  return fc
    .record({
      model: someText,
      system: said.system,
      turns: fc.array(arbitraryTurns(words), { minLength: 1, maxLength: 3 }),
      tools: maybe(fc.uniqueArray(said.tool, { maxLength: 3, selector: ({ name }) => name })),
      choice: maybe(fc.constantFrom(...said.toolChoice)),
      isParallel: maybe(fc.boolean()),
      sampling: said.sampling,
      maxTokens: said.maxTokens,
      stopSequences: said.stopSequences,
      thinking: said.thinking,
      effort: said.effort,
      responseFormat: said.responseFormat,
      userId: said.userId,
      rest: said.rest,
    })
    .map(({ turns, choice, isParallel, tools, rest, model, system, ...fields }) => ({
      model,
      system,
      ...defined({ ...fields, tools, toolChoice: arrangedChoice({ choice, isParallel, tools }) }),
      messages: turns.flat(),
      ...rest,
    }))
}

type Turns = 'userBlocks' | 'assistantBlocks' | 'hasSystemTurns' | 'hasToolTurns'

function everything(): Required<Omit<RequestWords, Turns>> {
  return {
    system: fc.array(anyTextBlock, { maxLength: 2 }),
    tool: anyTool,
    toolChoice: ['auto', 'any', 'none', 'tool'],
    sampling: maybe(anySampling),
    maxTokens: maybe(fc.nat({ max: 100_000 })),
    stopSequences: maybe(fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 3 })),
    thinking: maybe(anyThinking),
    effort: maybe(fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')),
    responseFormat: maybe(anyResponseFormat),
    userId: maybe(someText),
    rest: fc.constant({}),
  }
}

/** A choice that the tools allow: none can be forced where there are none. */
function arrangedChoice({
  choice,
  isParallel,
  tools,
}: {
  readonly choice: ToolChoice['type'] | undefined
  readonly isParallel: boolean | undefined
  readonly tools: readonly Tool[] | undefined
}): ToolChoice | undefined {
  const first = tools?.[0]
  if (choice === undefined || first === undefined) return undefined
  return {
    type: choice,
    ...(choice === 'tool' && { name: first.name }),
    ...(isParallel !== undefined && choice !== 'none' && { isParallel }),
  }
}

/** One text block. */
export const anyTextBlock: fc.Arbitrary<TextBlock> = someText.map(text => ({ type: 'text', text }))

/** An image by its bytes or by its address. */
export const anyImageBlock: fc.Arbitrary<ContentBlock> = fc.oneof(
  fc
    .tuple(fc.constantFrom('image/png', 'image/jpeg', 'image/gif', 'image/webp'), fc.base64String({ minLength: 4 }))
    .map(([mediaType, data]): ContentBlock => ({ type: 'image', source: { type: 'base64', mediaType, data } })),
  fc.webUrl().map((url): ContentBlock => ({ type: 'image', source: { type: 'url', url } })),
)

/** A document of plain text. */
export const anyDocumentBlock: fc.Arbitrary<ContentBlock> = fc
  .record({ text: someText, title: maybe(someText), context: maybe(someText), citations: maybe(fc.boolean()) })
  .map(({ text, ...rest }) => ({ type: 'document', source: { type: 'text', text }, ...defined(rest) }))

/** Reasoning of an earlier turn, signed. */
export const anyThinkingBlock: fc.Arbitrary<ContentBlock> = fc
  .tuple(someText, fc.base64String({ minLength: 4 }))
  .map(([text, signature]) => ({ type: 'thinking', text, signature }))

/** A call with arguments that are a JSON object. */
export const anyToolCall: fc.Arbitrary<ToolCallBlock> = fc
  .record({
    id: fc.stringMatching(/^[a-zA-Z0-9_-]{1,24}$/),
    name: fc.stringMatching(/^[a-z_]{1,12}$/),
    input: anyToolInput,
  })
  .map(call => ({ type: 'tool-call', ...call }))

/** A function tool. */
export const anyTool: fc.Arbitrary<Tool> = fc
  .record({
    name: fc.stringMatching(/^[a-z_]{1,12}$/),
    description: maybe(someText),
    properties: anyJsonObject,
    isStrict: maybe(fc.boolean()),
  })
  .map(({ name, properties, ...rest }) => ({ name, inputSchema: { type: 'object', properties }, ...defined(rest) }))

/** Every way of drawing the next token. */
export const anySampling: fc.Arbitrary<Sampling> = fc
  .record({
    temperature: maybe(fc.constantFrom(0, 0.2, 0.7, 1)),
    topP: maybe(fc.constantFrom(0.1, 0.95, 1)),
    topK: maybe(fc.integer({ min: 1, max: 500 })),
    minP: maybe(fc.constantFrom(0, 0.05)),
    seed: maybe(fc.nat()),
    frequencyPenalty: maybe(fc.constantFrom(-2, 0, 1.5)),
    presencePenalty: maybe(fc.constantFrom(-2, 0, 1.5)),
  })
  .map(sampling => defined(sampling))

const anyThinking: fc.Arbitrary<Thinking> = fc.oneof(
  fc.constantFrom<Thinking>({ mode: 'disabled' }, { mode: 'adaptive' }, { mode: 'between-tools' }),
  fc.nat({ max: 8000 }).map((budget): Thinking => ({ mode: 'enabled', budgetTokens: 1024 + budget })),
)

const anyResponseFormat: fc.Arbitrary<ResponseFormat> = fc.oneof(
  fc.constantFrom<ResponseFormat>({ type: 'text' }, { type: 'json-object' }),
  fc
    .tuple(fc.stringMatching(/^[a-z_]{1,12}$/), anyJsonObject, fc.boolean())
    .map(([name, schema, isStrict]): ResponseFormat => ({ type: 'json-schema', name, schema, isStrict })),
)

function arbitraryTurns(words: RequestWords): fc.Arbitrary<readonly Message[]> {
  const userBlocks = words.userBlocks ?? [anyImageBlock, anyDocumentBlock]
  const assistantBlocks = words.assistantBlocks ?? [anyThinkingBlock]
  const turns = [turn('user', [anyTextBlock, ...userBlocks]), turn('assistant', [anyTextBlock, ...assistantBlocks])]
  if (words.hasSystemTurns !== false) turns.push(turn('system', [anyTextBlock]))
  if (words.hasToolTurns !== false) turns.push(toolTurns)
  return fc.oneof(...turns)
}

function turn(role: Message['role'], blocks: readonly fc.Arbitrary<ContentBlock>[]): fc.Arbitrary<readonly Message[]> {
  return fc.array(fc.oneof(...blocks), { minLength: 1, maxLength: 3 }).map(content => [{ role, content }])
}

const toolTurns: fc.Arbitrary<readonly Message[]> = fc
  .tuple(anyToolCall, fc.array(anyTextBlock, { minLength: 1, maxLength: 2 }), maybe(fc.boolean()))
  .map(([call, content, isError]) => {
    const result: ToolResultBlock = { type: 'tool-result', callId: call.id, content, ...defined({ isError }) }
    return [
      { role: 'assistant', content: [call] },
      { role: 'user', content: [result] },
    ]
  })
