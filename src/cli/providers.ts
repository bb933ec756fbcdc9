import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { checkEvery } from '../config/check-every.ts'
import { elsewhereWarning } from '../core/elsewhere.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { ToldProvider } from '../services/manage-providers.ts'
import { readSecret } from './ask-secret.ts'
import type { SecretSource } from './ask-secret.ts'
import { warn } from './check-config.ts'
import { registerMasterKey } from './master-key.ts'
import type { ProgramContext } from './program-context.ts'
import { formatTable } from './table.ts'
import type { Column } from './table.ts'
import { noteLeftOut, withRules } from './with-rules.ts'

interface Json {
  readonly json?: boolean
}

interface AddOptions extends Json {
  readonly kind?: string
  readonly url?: string
  readonly protocol?: NonNullable<ProviderSettings['protocol']>
  readonly local?: boolean
  readonly notLocal?: boolean
  readonly checkEvery?: NonNullable<ProviderSettings['checkEveryMs']>
  readonly keyFile?: string
  readonly keyVariable?: string
  /** False where the owner says that there is none. */
  readonly key: boolean
  readonly replace?: boolean
}

const addExamples = `
Examples:
  duologue providers add anthropic                              asks for the key, and does not show it
  duologue providers add openai --key-variable OPENAI_API_KEY
  duologue providers add big --kind vllm --url http://10.0.0.5:8000 --no-key --local
  duologue providers add ollama-cloud --kind ollama --no-key --not-local
  duologue providers add work --kind openai --key-file - < key.txt

A key is never an argument, because every program on this machine may read those. It is sealed before it is kept.

Headers, timeouts, models with their capabilities and prices, and a command are for the configuration file:
docs/providers.md lists them. duologue engine add writes a command.`

/** Adds `duologue providers`. */
export function registerProviders(program: Command, context: ProgramContext): void {
  const providers = program.command('providers').description('set up the clouds and other engines that answer too')
  registerAdd(providers, context)
  registerProviderList(providers, context)
  registerTest(providers, context)
  registerRemove(providers, context)
  registerMasterKey(providers, context)
}

function registerAdd(providers: Command, context: ProgramContext): void {
  providers
    .command('add')
    .description('set up a provider')
    .argument('<id>', 'how rules will name it')
    .option('--kind <kind>', 'what it is, as anthropic or ollama; by default its id')
    .option('--url <address>', 'where it answers, where its kind does not say')
    .addOption(
      new Option('--protocol <name>', 'the wire format that it is asked in, where it speaks several').choices([
        'anthropic-messages',
        'openai-chat',
        'openai-responses',
      ]),
    )
    .option('--local', 'requests that must not leave your machines may go there')
    .addOption(
      new Option(
        '--not-local',
        'they may not, though it is on this machine: an ollama for models of its cloud',
      ).conflicts('local'),
    )
    .option(
      '--check-every <time>',
      'how often to ask whether it is well again after failures: 10s, never',
      toCheckEvery,
    )
    .addOption(new Option('--key-file <file>', 'the file that holds its key; - for standard input'))
    .addOption(new Option('--key-variable <name>', 'the variable that holds its key').conflicts('keyFile'))
    .option('--no-key', 'it needs no key')
    .option('--replace', 'put it in the place of the one of that id')
    .option('--json', 'write what was set up as JSON')
    .addHelpText('after', addExamples)
    .action(async (id: string, options: AddOptions) => {
      const settings = await settingsOf(id, options, context)
      const added = await withRules(context, ({ providers }) => providers.add(settings, options.replace === true))
      if (options.json === true) return context.output.printJson(added)
      context.output.print(`${id} is set up${added.hasKey ? ', with its key' : ', without a key'}`)
      if (added.lacksKey) context.output.note(noKey)
      const warning = elsewhereWarning(added.elsewhere, added.kind)
      if (warning !== undefined) warn([{ message: warning }], context.output)
    })
}

const noKey = 'It answers nobody without a key: repeat this with --replace, and --key-file or --key-variable'

async function settingsOf(
  id: string,
  { kind = id, url, protocol, local, notLocal, checkEvery, ...options }: AddOptions,
  context: ProgramContext,
): Promise<ProviderSettings> {
  const source = sourceOf(id, options)
  const key = source && (await readSecret(source, context))
  return {
    id,
    kind,
    ...(url !== undefined && { url }),
    ...(protocol !== undefined && { protocol }),
    ...(local === true && { isLocal: true }),
    ...(notLocal === true && { isLocal: false }),
    ...(checkEvery !== undefined && { checkEveryMs: checkEvery }),
    ...(key && { key }),
  }
}

function toCheckEvery(text: string): NonNullable<ProviderSettings['checkEveryMs']> {
  const read = checkEvery.safeParse(text)
  if (read.success) return read.data
  throw new InvalidArgumentError(`${read.error.issues[0]?.message ?? 'It is no time'}.`)
}

function sourceOf(
  id: string,
  { key, keyFile, keyVariable }: Pick<AddOptions, 'key' | 'keyFile' | 'keyVariable'>,
): SecretSource | undefined {
  if (keyFile !== undefined) return { type: 'file', path: keyFile }
  if (keyVariable !== undefined) return { type: 'variable', name: keyVariable }
  return key ? { type: 'prompt', question: `Key for ${id} (nothing for none): ` } : undefined
}

const columns: readonly Column<ToldProvider>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'KIND', of: ({ kind }) => kind },
  { title: 'ADDRESS', of: ({ url }) => url ?? '-' },
  { title: 'KEY', of: ({ hasKey }) => (hasKey ? 'yes' : 'no') },
  { title: 'LOCAL', of: ({ isLocal }) => (isLocal === undefined ? '-' : isLocal ? 'yes' : 'no') },
  { title: 'FROM', of: ({ from }) => from },
]

function registerProviderList(providers: Command, context: ProgramContext): void {
  providers
    .command('list')
    .alias('ls')
    .description('list the providers that are set up')
    .option('--json', 'write the list as JSON')
    .action(async ({ json }: Json) => {
      const told = await withRules(context, ({ providers }) => providers.list())
      if (json === true) return context.output.printJson(told)
      noteLeftOut(told, context)
      if (told.providers.length === 0) {
        return context.output.note('No providers yet. Begin with: duologue providers add anthropic')
      }
      context.output.print(formatTable(told.providers, columns))
    })
}

function registerTest(providers: Command, context: ProgramContext): void {
  providers
    .command('test')
    .description('ask a provider for its models, which needs its address and key to be right')
    .argument('<id>', 'its id, as duologue providers list shows it')
    .option('--json', 'write its models as JSON')
    .action(async (id: string, { json }: Json) => {
      const models = await withRules(context, ({ providers }) => providers.test(id, context.signal))
      if (json === true) return context.output.printJson(models)
      context.output.print(`${id} answers, with ${models.length} ${models.length === 1 ? 'model' : 'models'}`)
    })
}

function registerRemove(providers: Command, context: ProgramContext): void {
  providers
    .command('rm')
    .description('forget providers and their keys')
    .argument('<ids...>', 'their ids, as duologue providers list shows them')
    .option('--json', 'write what was forgotten as JSON')
    .action(async (ids: readonly string[], { json }: Json) => {
      await withRules(context, ({ providers }) => providers.remove(ids))
      if (json === true) return context.output.printJson(ids)
      for (const id of ids) context.output.print(`${id} is removed`)
    })
}
