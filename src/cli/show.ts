import type { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import type { AvailableModel, InstalledModel } from '../services/list-models.ts'
import { showModel } from '../services/show-model.ts'
import type { ModelsContext } from './models-context.ts'
import { formatPairs } from './table.ts'

const examples = `
Examples:
  duologue show starter
  duologue show qwen3-8b --json    also for a model that is not pulled yet`

/** Adds `duologue show`. */
export function registerShow(program: Command, context: ModelsContext): void {
  program
    .command('show')
    .description('tell what is known of a model')
    .argument('<model>', 'its name, as duologue list shows it')
    .option('--json', 'write it as JSON')
    .addHelpText('after', examples)
    .action(async (id: string, options: { readonly json?: boolean }) => {
      const shown = await showModel(id, await context.dependencies())
      const { output } = context
      if (options.json === true) return output.printJson(shown)
      output.print(formatPairs(shown.type === 'installed' ? installedPairs(shown.model) : availablePairs(shown.entry)))
    })
}

type Pairs = readonly (readonly [string, string | undefined])[]

function installedPairs(model: InstalledModel): Pairs {
  const { capabilities } = model
  const can = [capabilities.tools === true && 'tools', capabilities.thinking === true && 'thinking'].filter(
    word => word !== false,
  )
  return [
    ['Name', model.id],
    ['Source', model.source],
    ['Size', formatBytes(model.sizeBytes)],
    ['Architecture', model.architecture],
    ['Parameters', model.parameters === undefined ? undefined : millions(model.parameters)],
    ['Quantization', model.quantization],
    [
      'Context',
      capabilities.contextTokens === undefined
        ? undefined
        : `${capabilities.contextTokens.toLocaleString('en')} tokens`,
    ],
    ['Template for', can.length === 0 ? undefined : can.join(', ')],
    ['Licence', model.licence],
    ['SHA-256', model.sha256],
    ['Added', model.addedAt],
    ['File', model.path],
  ]
}

function availablePairs(entry: AvailableModel): Pairs {
  return [
    ['Name', entry.name],
    ['Model', entry.title],
    ['Parameters', entry.parameters],
    ['Size', formatBytes(entry.sizeBytes)],
    ['Memory', `${formatBytes(entry.minimumMemoryBytes)}${entry.fitsInMemory ? '' : ' (more than is free)'}`],
    ['Licence', entry.licence],
    ['To have it', `duologue pull ${entry.name}`],
  ]
}

function millions(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(1)}B` : `${Math.round(count / 1e6)}M`
}
