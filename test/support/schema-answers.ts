import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { isObject } from '../../src/engine/grammar/json-schema.ts'
import { validate } from '../../src/engine/grammar/validate.ts'
import { post } from './http-client.ts'
import type { Reply } from './http-client.ts'
import { toAnthropic, toOpenAI } from './schema-questions.ts'
import type { SchemaQuestion } from './schema-questions.ts'

/** What became of a question, and what of the answer breaks a promise. */
export interface SchemaVerdict {
  /**
   * `kept`: the answer has the shape. `degraded`: it has not, and says so. `cut`: it is too long.
   * `free`: nothing is forced. `refused`: nothing can have the shape.
   */
  readonly outcome: 'kept' | 'degraded' | 'cut' | 'free' | 'refused'
  readonly faults: readonly string[]
}

interface Call {
  readonly name: string
  /** As far as it was written, where the answer was cut. */
  readonly input: Json
}

interface Answer {
  readonly text: string
  readonly calls: readonly Call[]
  readonly isCut: boolean
  readonly endsWithCalls: boolean
  readonly inputTokens: number
}

/* A tiny model left to itself says nothing that is worth waiting for. */
const mostTokens = { forced: 1500, free: 16 } as const

/** Asks a question of a running server, counts it as well, and judges the answer with a validator that is not ours. */
export async function judgeAnswer(port: number, model: string, question: SchemaQuestion): Promise<SchemaVerdict> {
  const asAnthropic = toAnthropic(question)
  const [path, body] =
    question.protocol === 'anthropic' ? ['/v1/messages', asAnthropic] : ['/v1/chat/completions', toOpenAI(question)]
  const reply = await post(port, path, {
    model,
    temperature: 1,
    max_tokens: isForced(question) ? (question.mostTokens ?? mostTokens.forced) : mostTokens.free,
    ...body,
  })
  const counted = await post(port, '/v1/messages/count_tokens', { model, ...asAnthropic })
  if (counted.status !== 200) return fault(`count_tokens says ${counted.status}: ${counted.text}`)
  if (reply.status === 400) return refusal(reply, question)
  if (reply.status !== 200) return fault(`status ${reply.status}: ${reply.text}`)
  const answer = question.protocol === 'anthropic' ? readAnthropic(reply.json) : readOpenAI(reply.json)
  const expected: number = counted.json.input_tokens
  const miscount = answer.inputTokens === expected ? [] : [`counted ${expected} tokens, and used ${answer.inputTokens}`]
  const losses = String(reply.headers['x-duologue-losses'] ?? '')
  const { outcome, faults } = judgeShape(answer, question, losses)
  return { outcome, faults: [...miscount, ...faults] }
}

function isForced({ choice, format }: SchemaQuestion): boolean {
  return format !== undefined || choice === 'any' || choice === 'named'
}

function fault(text: string): SchemaVerdict {
  return { outcome: 'refused', faults: [text] }
}

/* Only what was forced may be refused, and for its shape. */
function refusal(reply: Reply, question: SchemaQuestion): SchemaVerdict {
  const { message } = reply.json.error
  const isTold = String(message).includes('cannot be met')
  return question.format && isTold ? { outcome: 'refused', faults: [] } : fault(`refused: ${reply.text}`)
}

function judgeShape(answer: Answer, question: SchemaQuestion, losses: string): SchemaVerdict {
  const { calls, isCut, text } = answer
  const named = Object.keys(answerFaults).filter(name => answerFaults[name]?.(answer, question))
  // What is no object is wrong whatever else is told. The last call may be cut, and the whole text.
  const written = isCut ? calls.slice(0, -1) : calls
  const loose = written
    .filter(({ input }) => !isObject(input))
    .map(({ input }) => `no object: ${JSON.stringify(input)}`)
  const faults = [...named, ...loose]
  if (!isForced(question) && calls.length === 0) return { outcome: 'free', faults }
  if (isCut) return { outcome: 'cut', faults }
  const { format } = question
  const wrong = format ? judgeText(text, format) : calls.flatMap(call => judgeCall(call, question))
  if (wrong.length === 0) return { outcome: 'kept', faults }
  const isTold = toldFaults.test(losses)
  return { outcome: 'degraded', faults: [...faults, ...(isTold ? [] : wrong)] }
}

/* A loss of the whole schema, and not of one of its keywords. */
const toldFaults = /(?:^|, )(?:tools(?:\.\d+\.inputSchema)?|responseFormat(?:\.schema)?) degraded/

/** What an answer must not be, whatever the schema. */
const answerFaults: Readonly<Record<string, (answer: Answer, question: SchemaQuestion) => boolean>> = {
  'a tool was called that was not to be': ({ calls }, { choice }) => choice === 'none' && calls.length > 0,
  'several calls in place of one': ({ calls }, { choice, mayCallSeveral }) =>
    calls.length > 1 && (!mayCallSeveral || choice === 'named'),
  'no call where one must be': ({ calls, isCut }, { choice }) =>
    calls.length === 0 && !isCut && (choice === 'any' || choice === 'named'),
  'calls without their stop reason': ({ calls, isCut, endsWithCalls }) => calls.length > 0 && !isCut && !endsWithCalls,
  'another tool than the named one': ({ calls }, { choice }) =>
    choice === 'named' && calls.some(({ name }) => name !== 'tool_0'),
  'text where a call must be': ({ text }, { choice }) => text !== '' && (choice === 'any' || choice === 'named'),
  'no object where one must be': ({ text, isCut }, { format }) =>
    format !== undefined && (isCut ? !'{'.startsWith(text.slice(0, 1)) : !isObject(parse(text))),
  'a tool that does not exist': ({ calls }, { tools }) =>
    calls.some(call => !tools.some(({ name }) => name === call.name)),
}

function judgeText(text: string, schema: JsonObject): readonly string[] {
  const value = parse(text)
  return value === undefined ? [`no JSON: ${text}`] : judgeValue(value, schema)
}

function judgeCall({ name, input }: Call, { tools }: SchemaQuestion): readonly string[] {
  const schema = tools.find(tool => tool.name === name)?.schema
  return schema ? judgeValue(input, schema) : []
}

function judgeValue(value: Json, schema: JsonObject): readonly string[] {
  const check = compile(schema)
  // Words of older drafts that the other validator does not read are left to ours.
  if (!check) return validate(value, schema).type === 'valid' ? [] : [`${JSON.stringify(value)} is not valid`]
  return check(value) ? [] : [`${JSON.stringify(value)} is not valid: ${JSON.stringify(check.errors)}`]
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Undefined for what the other validator does not read. */
function compile(schema: JsonObject): ValidateFunction | undefined {
  const options = { strict: false, validateSchema: false, validateFormats: false, logger: false } as const
  for (const Dialect of [Ajv2020, Ajv]) {
    try {
      return new Dialect(options).compile(schema)
    } catch {
      continue
    }
  }
  return undefined
}

interface AnthropicReply {
  readonly content: readonly {
    readonly type: string
    readonly text?: string
    readonly name?: string
    readonly input?: Json
  }[]
  readonly stop_reason: string
  readonly usage: Readonly<Record<string, number | null>>
}

function readAnthropic({ content, stop_reason, usage }: AnthropicReply): Answer {
  const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens } = usage
  return {
    text: content.map(({ text = '' }) => text).join(''),
    calls: content.filter(({ type }) => type === 'tool_use').map(({ name = '', input = null }) => ({ name, input })),
    isCut: stop_reason === 'max_tokens',
    endsWithCalls: stop_reason === 'tool_use',
    inputTokens: (input_tokens ?? 0) + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0),
  }
}

interface ChatReply {
  readonly choices: readonly {
    readonly finish_reason: string
    readonly message: {
      readonly content: string | null
      readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: string } }[]
    }
  }[]
  readonly usage: { readonly prompt_tokens: number }
}

function readOpenAI({ choices: [choice], usage }: ChatReply): Answer {
  if (!choice) throw new Error('a completion without choices')
  const { message, finish_reason } = choice
  const isCut = finish_reason === 'length'
  return {
    text: message.content ?? '',
    calls: (message.tool_calls ?? []).map(({ function: { name, arguments: json } }) => ({
      name,
      input: parse(json) ?? json,
    })),
    isCut,
    endsWithCalls: finish_reason === 'tool_calls',
    inputTokens: usage.prompt_tokens,
  }
}
