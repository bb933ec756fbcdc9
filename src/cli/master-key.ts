import type { Command } from 'commander'
import type { ProgramContext } from './program-context.ts'
import { withRules } from './with-rules.ts'

interface Json {
  readonly json?: boolean
}

const rotateExamples = `
Where the master key is given by DUOLOGUE_MASTER_KEY or its file, put the new key before the old one, with a comma
between them, and run this; then the old one can go. Otherwise a new key is made.`

const moveExamples = `
Examples:
  DUOLOGUE_MASTER_KEY=keychain duologue providers move-key     from master.key to the keychain
  duologue providers move-key                                  back to master.key

The configuration says where the key belongs: "master-key: keychain" there is the same as that variable.`

/** Adds what `duologue providers` does with the key that seals all keys. */
export function registerMasterKey(providers: Command, context: ProgramContext): void {
  registerRotate(providers, context)
  registerMove(providers, context)
}

function registerRotate(providers: Command, context: ProgramContext): void {
  providers
    .command('rotate-key')
    .description('seal all keys with another master key')
    .option('--json', 'write what was done as JSON')
    .addHelpText('after', rotateExamples)
    .action(async ({ json }: Json) => {
      const rotated = await withRules(context, ({ providers }) => providers.rotateKey())
      if (json === true) return context.output.printJson(rotated)
      context.output.print(`${rotated.secrets} secrets are sealed with the master key ${rotated.keyId}`)
    })
}

function registerMove(providers: Command, context: ProgramContext): void {
  providers
    .command('move-key')
    .description("move the master key from its file to the system's keychain, or back")
    .option('--json', 'write where it is as JSON')
    .addHelpText('after', moveExamples)
    .action(async ({ json }: Json) => {
      const moved = await context.moveKey()
      if (json === true) return context.output.printJson(moved)
      context.output.print(`The master key ${moved.keyId} is in ${moved.place}`)
    })
}
