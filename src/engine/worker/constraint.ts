import { ModelError } from '../../core/errors.ts'
import type { Loss } from '../../core/loss.ts'
import type { ChatPrompt, ChatTool } from '../chat-prompt.ts'
import { answerGrammar, callGrammar } from './answer-grammar.ts'
import type { AnswerShape } from './answer-grammar.ts'
import type { NativeGrammar } from './binding.ts'
import type { RenderedPrompt } from './open-answer.ts'
import type { OutputFormat } from './output/output-format.ts'
import type { SchemaBoundGrammar } from './schema-pieces.ts'

/** What an answer is held to while it is written. */
export interface Constraint {
  /** The whole answer after reasoning. */
  readonly answer?: NativeGrammar
  /** The rest of a call whose opening was read; `name` where the opening names the tool. */
  readonly call?: (name: string | undefined) => NativeGrammar | undefined
  readonly losses: readonly Loss[]
}

export interface Constrainer {
  plan(prompt: ChatPrompt, rendered: RenderedPrompt): Constraint
}

/* Agents send the same tools with every request: their grammars are worth keeping. */
const mostKept = 32

/** Plans constraints for answers in one format. A grammar is made once for requests that ask for the same. */
export function createConstrainer(
  format: OutputFormat,
  compileGrammar: (source: string) => NativeGrammar,
): Constrainer {
  const kept = new Map<string, Compiled>()
  const keep = (key: string, make: () => SchemaBoundGrammar | undefined): Compiled => {
    const compiled = kept.get(key) ?? compile(make(), compileGrammar)
    kept.delete(key)
    kept.set(key, compiled)
    const oldest = kept.keys().next().value
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest)
    return compiled
  }
  return {
    plan: (prompt, rendered) => {
      const shape = shapeOf(prompt, rendered, format)
      if (shape)
        return planAnswer(
          prompt,
          keep(JSON.stringify(shape), () => answerGrammar(shape)),
        )
      const { tools } = prompt
      if (!tools) return { losses: [] }
      const key = JSON.stringify(tools)
      const held = (name: string | undefined): Compiled =>
        keep(`${name ?? ''} ${key}`, () => callGrammar(format, tools, name))
      return { call: name => held(name).grammar, losses: strictLosses(tools, format, held) }
    },
  }
}

/* A strict tool's grammar is made at once, so that what it cannot keep is said before the answer begins. */
function strictLosses(
  tools: readonly ChatTool[],
  format: OutputFormat,
  held: (name: string | undefined) => Compiled,
): readonly Loss[] {
  const strict = tools.filter(({ isStrict }) => isStrict)
  const openings = format.type === 'harmony' ? strict.map(({ name }) => name) : strict.slice(0, 1).map(() => undefined)
  return openings.flatMap(name => {
    const { grammar, losses, why = '' } = held(name)
    return grammar ? losses : [...losses, { field: 'tools', action: 'degraded' as const, why }]
  })
}

interface Compiled {
  readonly grammar?: NativeGrammar
  readonly losses: readonly Loss[]
  readonly why?: string
}

/* What the native engine cannot read is left out, and said: a grammar of ours must never cost an answer. */
function compile(made: SchemaBoundGrammar | undefined, compileGrammar: (source: string) => NativeGrammar): Compiled {
  if (!made) return { losses: [], why: 'the form in which this model writes calls is read, not enforced' }
  const { built, losses } = made
  if (built.type !== 'grammar') return { losses, why: built.why }
  try {
    return { grammar: compileGrammar(built.grammar), losses }
  } catch {
    return { losses, why: 'the native engine does not read the grammar' }
  }
}

/** The shape that a whole answer must have; undefined where it may be anything. */
function shapeOf(prompt: ChatPrompt, { begins }: RenderedPrompt, format: OutputFormat): AnswerShape | undefined {
  const isForced = mustCall(prompt)
  // A shape that the client has begun to write cannot be entered in its middle.
  const text = isForced || prompt.prefill !== '' ? undefined : prompt.responseFormat
  if (!isForced && !text) return undefined
  const calls = callsOf(prompt)
  return { format, followsThinking: begins === 'thinking', ...(text && { text }), ...(calls && { calls }) }
}

/** Whether an answer is to be calls and nothing else. */
export function mustCall({ tools, toolChoice }: ChatPrompt): boolean {
  return tools !== undefined && (toolChoice?.type === 'any' || toolChoice?.type === 'tool')
}

function callsOf({ tools, toolChoice }: ChatPrompt): AnswerShape['calls'] {
  if (toolChoice?.type !== 'tool') return tools && { tools, most: toolChoice?.isParallel === false ? 'one' : 'several' }
  return tools && { tools: tools.filter(({ name }) => name === toolChoice.name), most: 'one' }
}

function planAnswer({ toolChoice, responseFormat }: ChatPrompt, { grammar, losses, why = '' }: Compiled): Constraint {
  if (grammar) return { answer: grammar, losses }
  if (toolChoice?.type === 'any' || toolChoice?.type === 'tool') {
    throw new ModelError('invalid-request', `tool choice '${toolChoice.type}' cannot be promised: ${why}; use 'auto'`, {
      code: 'unsupported-value',
      field: ['tool_choice'],
    })
  }
  const field = responseFormat ? 'responseFormat' : 'tools'
  return { losses: [...losses, { field, action: 'degraded', why }] }
}
