import { Argument, InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { ToldProvider } from '../services/manage-providers.ts'
import { readEngineLog } from '../services/read-engine-log.ts'
import { engineNames, setUpEngine } from '../services/set-up-engine.ts'
import type { EngineName } from '../services/set-up-engine.ts'
import type { ProgramContext } from './program-context.ts'
import { formatTable } from './table.ts'
import type { Column } from './table.ts'
import { noteLeftOut, withRules } from './with-rules.ts'

interface Json {
  readonly json?: boolean
}

interface AddOptions extends Json {
  readonly model: string
  readonly id?: string
  readonly program?: string
  readonly replace?: boolean
}

const addExamples = `
Examples:
  duologue engine add mlx --model mlx-community/Qwen3-4B-4bit
  duologue engine add llama-server --model ~/gemma-3.gguf -- --mmproj ~/gemma-3-mmproj.gguf
  duologue engine add vllm --model Qwen/Qwen3-8B --program ~/vllm/bin/vllm -- --max-model-len 16384

What comes after -- is given to the engine, whose paths must be whole. It is started with the first request and stopped when it is idle. mlx is
installed here, apart from other Python packages (350 MB); the others must be on this machine already.`

/** Adds `duologue engine`. */
export function registerEngine(program: Command, context: ProgramContext): void {
  const engine = program.command('engine').description('set up other engines that Duologue starts on this machine')
  registerAdd(engine, context)
  registerEngineList(engine, context)
  registerLogs(engine, context)
}

function registerAdd(engine: Command, context: ProgramContext): void {
  engine
    .command('add')
    .description('set up an engine and a provider that starts it')
    .addArgument(new Argument('<engine>', 'which one').choices(engineNames))
    .argument('[arguments...]', 'more for the engine, after --')
    .requiredOption('--model <model>', 'its model: a path, or owner/name as the hub has it')
    .option('--id <id>', 'how rules will name it; by default the name of the engine')
    .option('--program <path>', 'where the engine is, if PATH does not lead to it')
    .option('--replace', 'put it in the place of the provider of that id')
    .option('--json', 'write what was set up as JSON')
    .addHelpText('after', addExamples)
    .action(async (engine: EngineName, more: readonly string[], { id = engine, ...options }: AddOptions) => {
      const { output, signal } = context
      const { model, program } = options
      const settings = await setUpEngine(
        {
          engine,
          id,
          model,
          arguments: more,
          ...(program !== undefined && { program }),
          signal,
          onStep: step => output.note(`${step}…`),
        },
        await context.engines(),
      )
      const added = await withRules(context, ({ providers }) => providers.add(settings, options.replace === true))
      if (options.json === true) return output.printJson(added)
      output.print(`${id} is set up; ask for ${id}/${settings.models?.[0]?.id}`)
      output.note(`duologue providers test ${id} starts it once to see whether it works`)
    })
}

const columns: readonly Column<ToldProvider>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'KIND', of: ({ kind }) => kind },
  { title: 'PROGRAM', of: ({ program }) => program ?? '-' },
  { title: 'FROM', of: ({ from }) => from },
]

function registerEngineList(engine: Command, context: ProgramContext): void {
  engine
    .command('list')
    .alias('ls')
    .description('list the engines that are set up')
    .option('--json', 'write the list as JSON')
    .action(async ({ json }: Json) => {
      const told = await withRules(context, ({ providers }) => providers.list())
      const engines = told.providers.filter(({ program }) => program !== undefined)
      if (json === true) return context.output.printJson(engines)
      noteLeftOut(told, context)
      if (engines.length === 0) return context.output.note('No engines yet. duologue engine add --help shows how')
      context.output.print(formatTable(engines, columns))
    })
}

function registerLogs(engine: Command, context: ProgramContext): void {
  engine
    .command('logs')
    .description('show what an engine wrote last')
    .argument('<id>', 'its id, as duologue engine list shows it')
    .addOption(new Option('--lines <number>', 'how many lines').argParser(toCount).default(100))
    .option('--json', 'write the lines as JSON')
    .action(async (id: string, { lines, json }: Json & { readonly lines: number }) => {
      const written = await readEngineLog({ id, lines }, await context.engines())
      if (json === true) return context.output.printJson(written)
      for (const line of written) context.output.print(line)
    })
}

function toCount(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above zero.')
}
