import type { Command } from 'commander'
import { Option } from 'commander'
import type { Flags } from '../config/config.ts'
import type { Setting } from '../config/setting.ts'
import { settingNames, settings } from '../config/settings.ts'
import type { SettingName } from '../config/settings.ts'
import { clientExamples } from './client-examples.ts'
import type { ProgramContext } from './program-context.ts'
import { stopped, unlessStopped } from './stopping.ts'

const examples = `
Examples:
  duologue serve                            on http://127.0.0.1:7272; models load when asked
  duologue serve --model starter            with one model loaded before the first request
  duologue serve --pin starter              with one model that is always loaded
  duologue serve --port 0                   on any free port, which is printed
  duologue serve --host 0.0.0.0 --key K     for other machines, with a key
                                            (DUOLOGUE_KEYS keeps it out of the list of processes)

Ctrl-C stops the server: answers under way have ten seconds to end. A second Ctrl-C ends it at once.
Every setting, with its flag and its variable, is in docs/configuration.md.`

/** Adds `duologue serve`. */
export function registerServe(program: Command, context: ProgramContext): void {
  const command = program
    .command('serve')
    .alias('start')
    .description('serve the Anthropic and OpenAI APIs on one port')
    .option('--examples', 'print examples for clients even where the output is no terminal')
    .addHelpText('after', examples)
  addSettings(command)
  command.action(async ({ examples: showsExamples, ...flags }: Flags & { readonly examples?: boolean }) => {
    await serve(flags, { ...context, showsExamples: showsExamples ?? context.output.isInteractive })
  })
}

/** Adds a flag for every setting that has one. The parsed options are named as the settings are. */
export function addSettings(command: Command): void {
  for (const name of settingNames) {
    const setting: Setting = settings[name]
    if (setting.flag !== undefined) command.addOption(toOption(name, setting))
  }
}

function toOption(name: SettingName, setting: Setting): Option {
  const { flag = '--', fallback } = setting
  const option = new Option(typeof fallback === 'boolean' ? flag : `${flag} <value>`, describe(setting))
  // Commander names options by their flags; here they go by their settings.
  option.attributeName = () => name
  return Array.isArray(fallback) ? option.argParser(collect) : option
}

/* A default of the option itself would hide the variable, which comes after the flag. */
function describe({ about, fallback, variable }: Setting): string {
  const isTold = typeof fallback === 'string' || typeof fallback === 'number'
  const sources = [isTold ? `default: ${fallback}` : undefined, variable].filter(source => source !== undefined)
  return sources.length === 0 ? about : `${about} (${sources.join('; ')})`
}

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value]
}

async function serve(flags: Flags, context: ProgramContext & { readonly showsExamples: boolean }): Promise<void> {
  const { output, signal, showsExamples } = context
  const app = await context.openApp(flags, line => output.note(line))
  try {
    const url = await app.listen()
    const [model] = await unlessStopped(app.loadExpected(), signal)
    output.print(`Duologue listens on ${url}`)
    await announceModels(app, context)
    if (showsExamples) {
      const example = model ?? (await app.modelNames())[0] ?? 'starter'
      output.print(clientExamples({ url, model: example, needsKey: app.needsKey }))
    }
    await stopped(signal)
    output.note('Stopping: answers under way have ten seconds to end. Ctrl-C again ends at once.')
  } finally {
    await app.close()
  }
}

async function announceModels(
  app: { modelNames(): Promise<readonly string[]> },
  { output }: ProgramContext,
): Promise<void> {
  const names = await app.modelNames()
  if (names.length === 0)
    output.note('No model is installed yet: run `duologue pull starter`, the server finds it by itself.')
}
