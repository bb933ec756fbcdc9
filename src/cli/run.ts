import { createInterface } from 'node:readline/promises'
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { Answer } from '../core/collect.ts'
import { collect } from '../core/collect.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { Message, ModelRequest } from '../core/request.ts'
import type { CommandApp, ProgramContext } from './program-context.ts'
import { unlessStopped } from './stopping.ts'

interface RunOptions {
  readonly system?: string
  readonly maxTokens?: number
  readonly temperature?: number
  readonly json?: boolean
}

const examples = `
Examples:
  duologue run starter "What is gravity?"   one question, the answer on stdout
  duologue run starter < question.txt       the question from a pipe
  duologue run starter                      a chat; /clear forgets it, /exit or Ctrl-D ends it
  duologue run starter --json "Hi"          the whole answer as JSON, with its token counts`

/* One model, for as long as the person looks at its answer. */
const flags = { logLevel: 'error', models: [], pinnedModels: [], keepAliveMs: 'never' }

/** Adds `duologue run`. */
export function registerRun(program: Command, context: ProgramContext): void {
  program
    .command('run')
    .alias('chat')
    .description('ask a model on this machine, or chat with it')
    .argument('<model>', 'its name, as duologue list shows it')
    .argument('[question...]', 'what to ask; without it, a chat')
    .option('--system <text>', 'what the model is told beforehand')
    .option('--max-tokens <number>', 'the longest answer', wholeNumber)
    .option('--temperature <number>', '0 takes the likeliest words, 1 and more is livelier', temperature)
    .option('--json', 'write the answer as JSON')
    .addHelpText('after', examples)
    .action(async (model: string, words: readonly string[], options: RunOptions) => {
      const app = await context.openApp(flags, line => context.output.note(line))
      try {
        await unlessStopped(app.load(model), context.signal)
        await converse({ app, model, words, options }, context)
      } finally {
        await app.close()
      }
    })
}

interface Run {
  readonly app: CommandApp
  readonly model: string
  readonly words: readonly string[]
  readonly options: RunOptions
}

async function converse(run: Run, context: ProgramContext): Promise<void> {
  const isChat = run.words.length === 0 && context.input.isTTY
  if (isChat) return chat(run, context)
  const question = run.words.length > 0 ? run.words.join(' ') : (await readAll(context.input)).trim()
  if (question === '')
    throw new ModelError('invalid-request', 'there is no question: give one, or send it through a pipe')
  const events = await run.app.answer(toRequest(run, [userTurn(question)]), context.signal)
  const answer = await collect(run.options.json === true ? events : show(events, context))
  if (run.options.json === true) context.output.printJson(toJson(answer))
}

async function chat(run: Run, context: ProgramContext): Promise<void> {
  const lines = createInterface({ input: context.input, output: process.stderr, prompt: '> ' })
  let conversation: readonly Message[] = []
  let answering: AbortController | undefined
  lines.on('SIGINT', () => (answering ? answering.abort() : lines.close()))
  context.output.note(`Chatting with ${run.model}. /clear forgets the conversation, /exit ends it.`)
  lines.prompt()
  for await (const line of lines) {
    if (line.trim() === '/exit') break
    if (line.trim() === '/clear') conversation = []
    else if (line.trim() !== '') {
      answering = new AbortController()
      conversation = await turn({ run, conversation, question: line, signal: answering.signal }, context)
      answering = undefined
    }
    lines.prompt()
  }
  lines.close()
}

interface Turn {
  readonly run: Run
  readonly conversation: readonly Message[]
  readonly question: string
  readonly signal: AbortSignal
}

/** Asks one question of a chat. One that failed or was stopped leaves the conversation as it was. */
async function turn(
  { run, conversation, question, signal }: Turn,
  context: ProgramContext,
): Promise<readonly Message[]> {
  const asked = [...conversation, userTurn(question)]
  try {
    const answer = await collect(show(await run.app.answer(toRequest(run, asked), signal), context))
    const text = answer.blocks.map(({ content }) => content).join('')
    return [...asked, { role: 'assistant', content: [{ type: 'text', text }] }]
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    context.output.note(error.kind === 'aborted' ? '\n(stopped)' : error.message)
    return conversation
  }
}

/** Shows an answer's text while it passes. */
async function* show(events: ModelStream, { output }: ProgramContext): AsyncGenerator<ModelEvent> {
  for await (const event of events) {
    if (event.type === 'text-delta') output.write(event.text)
    if (event.type === 'end') output.write('\n')
    yield event
  }
}

function toRequest({ model, options }: Run, messages: readonly Message[]): ModelRequest {
  return {
    model,
    system: options.system === undefined ? [] : [{ type: 'text', text: options.system }],
    messages,
    ...(options.maxTokens !== undefined && { maxTokens: options.maxTokens }),
    ...(options.temperature !== undefined && { sampling: { temperature: options.temperature } }),
  }
}

function userTurn(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] }
}

function toJson({ model, blocks, stop, usage }: Answer): object {
  return { model, text: blocks.map(({ content }) => content).join(''), stop, usage }
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

function temperature(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && number >= 0 && number <= 2) return number
  throw new InvalidArgumentError('It must be a number from 0 to 2.')
}
