import type { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import { removeModels } from '../services/remove-model.ts'
import type { ModelsContext } from './models-context.ts'

const examples = `
Examples:
  duologue rm starter
  duologue rm qwen3-8b gemma-4-12b    all of them, or none if one is unknown

An interrupted download is removed the same way.`

/** Adds `duologue rm`. */
export function registerRm(program: Command, context: ModelsContext): void {
  program
    .command('rm')
    .description('remove models from this machine')
    .argument('<models...>', 'their names, as duologue list shows them')
    .option('--json', 'write what was removed as JSON')
    .addHelpText('after', examples)
    .action(async (ids: readonly string[], options: { readonly json?: boolean }) => {
      const removed = await removeModels(ids, await context.dependencies())
      const { output } = context
      if (options.json === true) return output.printJson(removed)
      for (const { id, sizeBytes, isUnfinished } of removed) {
        const what = isUnfinished ? `the unfinished download of ${id}` : id
        output.print(`${what} is removed (${formatBytes(sizeBytes)})`)
      }
    })
}
