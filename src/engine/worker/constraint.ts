import type { Loss } from '../../core/loss.ts'
import type { ChatPrompt, ChatTool } from '../chat-prompt.ts'
import { answerGrammar, callGrammar, textField } from './answer-grammar.ts'
import type { AnswerShape } from './answer-grammar.ts'
import type { NativeGrammar } from './binding.ts'
import { argumentsField, argumentsSchema } from './call-forms.ts'
import type { CheckedSchema, Checks } from './checked-output.ts'
import type { RenderedPrompt } from './open-answer.ts'
import type { OutputFormat } from './output/output-format.ts'
import type { SchemaBoundGrammar } from './schema-pieces.ts'

/** What an answer is held to while it is written. */
export interface Constraint {
  /** The whole answer after reasoning. */
  readonly answer?: NativeGrammar
  /** The rest of a call whose opening was read; `name` where the opening names the tool. */
  readonly call?: (name: string | undefined) => NativeGrammar | undefined
  /** What was promised and is not wholly held to its schema while it is written. */
  readonly checks: Checks
  readonly losses: readonly Loss[]
}

/** Holds an answer to nothing. */
export const unconstrained: Constraint = { losses: [], checks: { calls: new Map() } }

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
      if (shape) {
        const compiled = keep(JSON.stringify(shape), () => answerGrammar(shape))
        return planAnswer(shape, compiled)
      }
      const { tools } = prompt
      if (!tools) return unconstrained
      const key = JSON.stringify(tools)
      const held = (name: string | undefined): Compiled =>
        keep(`${name ?? ''} ${key}`, () => callGrammar(format, tools, name))
      return { call: name => held(name).grammar, ...planStrict(tools, format, held) }
    },
  }
}

/* A strict tool's grammar is made at once, so that what it cannot keep is said before the answer begins. */
function planStrict(
  tools: readonly ChatTool[],
  format: OutputFormat,
  held: (name: string | undefined) => Compiled,
): Pick<Constraint, 'checks' | 'losses'> {
  const strict = tools.filter(({ isStrict }) => isStrict)
  const openingOf = ({ name }: ChatTool): string | undefined => (format.type === 'harmony' ? name : undefined)
  const losses = [...new Set(strict.map(openingOf))].flatMap(name => lossesOf(held(name), 'tools'))
  // Before a call without a marker there is nothing at which its grammar could begin.
  const isHeld = format.type === 'harmony' || format.calls?.isBare !== true
  const calls = callsToCheck(
    tools,
    (field, tool) => tool.isStrict !== true || (isHeld && held(openingOf(tool)).keeps(field)),
  )
  return { losses, checks: { calls } }
}

interface Compiled {
  readonly grammar?: NativeGrammar
  readonly losses: readonly Loss[]
  readonly why?: string
  /** Whether the grammar enforces all that the schema of a field demands. */
  readonly keeps: (field: string) => boolean
}

const keepsNothing = (): boolean => false

/* What the native engine cannot read is loosened or left out, and said: a grammar of ours must never cost an answer. */
function compile(made: SchemaBoundGrammar | undefined, compileGrammar: (source: string) => NativeGrammar): Compiled {
  if (!made) {
    const why = 'the form in which this model writes calls is read, not enforced'
    return { losses: [], why, keeps: keepsNothing }
  }
  const { losses, keeps } = made
  const why = 'the native engine does not read the grammar'
  for (const isLoosened of [false, true]) {
    const built = isLoosened ? made.loosened() : made.built
    if (built.type !== 'grammar') return { losses, why: built.why, keeps: keepsNothing }
    try {
      const grammar = compileGrammar(built.grammar)
      if (!isLoosened) return { grammar, losses, keeps }
      return { grammar, losses, why: `any JSON object passes for each schema: ${why}`, keeps: keepsNothing }
    } catch {
      continue
    }
  }
  return { losses, why, keeps: keepsNothing }
}

function lossesOf({ losses, why }: Compiled, field: string): readonly Loss[] {
  return why === undefined ? losses : [...losses, { field, action: 'degraded', why }]
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

function planAnswer({ text, calls }: AnswerShape, compiled: Compiled): Constraint {
  const { grammar, keeps } = compiled
  const asked = text && toCheck(text)
  return {
    ...(grammar && { answer: grammar }),
    losses: lossesOf(compiled, text ? 'responseFormat' : 'tools'),
    checks: {
      calls: callsToCheck(calls?.tools ?? [], keeps),
      ...(asked && !(grammar && text.type === 'json-object') && !keeps(asked.field) && { text: asked }),
    },
  }
}

function toCheck(text: NonNullable<AnswerShape['text']>): CheckedSchema {
  if (text.type === 'json-object') return { field: 'responseFormat', schema: { type: 'object' } }
  return { field: textField, schema: text.schema }
}

/** The tools whose calls are not wholly held to their schemas. */
function callsToCheck(
  tools: readonly ChatTool[],
  keeps: (field: string, tool: ChatTool) => boolean,
): ReadonlyMap<string, CheckedSchema> {
  const checked = tools.map((tool, index) => ({ tool, field: argumentsField(index) }))
  return new Map(
    checked
      .filter(({ tool, field }) => !keeps(field, tool))
      .map(({ tool, field }) => [tool.name, { field, schema: argumentsSchema(tool) }]),
  )
}
