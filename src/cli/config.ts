import { Option } from 'commander'
import type { Command } from 'commander'
import { ConfigError } from '../config/config.ts'
import { formatFaults } from '../config/fault.ts'
import { openConfig, readConfig } from '../config/open-config.ts'
import type { ConfigPlace } from '../config/open-config.ts'
import { settings } from '../config/settings.ts'
import { findRuleFault } from '../services/check-rules.ts'
import { checkConfig, warn } from './check-config.ts'
import { editConfig } from './edit-config.ts'
import type { ProgramContext } from './program-context.ts'
import { printConfig } from './print-config.ts'

const examples = `
Examples:
  duologue config edit                      opens the file in your editor, and checks it afterwards
  duologue config validate                  tells everything that is wrong with it, line by line
  duologue config validate ./new.yaml       the same for another file
  duologue config show                      what is in force, and where each value comes from
  duologue config path                      where the file is, or would be

A running server notices changes of the file by itself. docs/configuration.md tells all that it may hold.`

interface ConfigFlags {
  readonly configFile?: string
  readonly json?: boolean
}

/** Adds `duologue config`. */
export function registerConfig(program: Command, context: ProgramContext): void {
  const config = program
    .command('config')
    .description('find, check, show or edit the configuration file')
    .addHelpText('after', examples)
  add(config, 'path', 'tell where the configuration file is').action(flags => printPath(flags, context))
  add(config, 'validate', 'check it; ends with 78 where it cannot be used')
    .argument('[file]', 'another file than the one in use')
    .action((file: string | undefined, flags: ConfigFlags) =>
      validate({ ...flags, ...(file && { configFile: file }) }, context),
    )
  add(config, 'show', 'tell what is in force, and where each value comes from').action(async (flags: ConfigFlags) => {
    printConfig(await openConfig(placeOf(flags, context)), { output: context.output, isJson: flags.json === true })
  })
  config
    .command('edit')
    .description('open it in $VISUAL or $EDITOR, and check it afterwards')
    .addOption(configOption())
    .action((flags: ConfigFlags) => editConfig(placeOf(flags, context), context))
}

function add(config: Command, name: string, description: string): Command {
  return config.command(name).description(description).addOption(configOption()).option('--json', 'write it as JSON')
}

function configOption(): Option {
  const { flag, variable } = settings.configFile
  const option = new Option(`${flag} <file>`, `the configuration file (${variable})`)
  option.attributeName = () => 'configFile'
  return option
}

function placeOf({ configFile }: ConfigFlags, { environment }: ProgramContext): ConfigPlace {
  return { flags: configFile === undefined ? {} : { configFile }, environment, check: findRuleFault }
}

async function printPath(flags: ConfigFlags, context: ProgramContext): Promise<void> {
  const { path, hasFile } = await readConfig(placeOf(flags, context))
  const { output } = context
  if (flags.json === true) return output.printJson({ path, exists: hasFile })
  output.print(path)
  if (!hasFile) output.note('There is no such file yet; `duologue config edit` makes one.')
}

async function validate(flags: ConfigFlags, context: ProgramContext): Promise<void> {
  const { output } = context
  const { path, hasFile, faults, warnings } = await checkConfig(placeOf(flags, context), context)
  if (flags.json === true) output.printJson({ path, exists: hasFile, faults, warnings })
  if (faults.length > 0) throw new ConfigError(formatFaults(faults))
  warn(warnings, output)
  if (flags.json === true) return
  output.print(hasFile ? `${path} can be used` : `${path} is not there; flags, variables and defaults hold`)
}
