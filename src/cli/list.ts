import type { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import type { AvailableModel, InstalledModel, UnfinishedDownload } from '../services/list-models.ts'
import { listAvailable, listDamaged, listModels, listUnfinished } from '../services/list-models.ts'
import type { ModelsContext } from './models-context.ts'
import type { Column } from './table.ts'
import { formatTable } from './table.ts'

interface ListOptions {
  readonly available?: boolean
  readonly json?: boolean
}

const examples = `
Examples:
  duologue list                 the models on this machine
  duologue list --available     the models of the catalogue, and which of them fit in memory
  duologue ls --json            for programs`

/** Adds `duologue list`. */
export function registerList(program: Command, context: ModelsContext): void {
  program
    .command('list')
    .alias('ls')
    .description('list the models that are here, or can be pulled')
    .option('--available', 'list the catalogue instead')
    .option('--json', 'write the list as JSON')
    .addHelpText('after', examples)
    .action(async ({ available, json }: ListOptions) => {
      const dependencies = await context.dependencies()
      if (available === true) return printAvailable(await listAvailable(dependencies), json === true, context)
      printInstalled(await listModels(dependencies), json === true, context)
      for (const download of await listUnfinished(dependencies)) context.output.note(describeUnfinished(download))
      for (const id of await listDamaged(dependencies))
        context.output.note(`Damaged: ${id}, its file is not the one that was pulled (pull it again, or rm it)`)
    })
}

function describeUnfinished({ id, sizeBytes, totalBytes, isUnderWay }: UnfinishedDownload): string {
  const amount =
    totalBytes === undefined ? formatBytes(sizeBytes) : `${formatBytes(sizeBytes)} of ${formatBytes(totalBytes)}`
  if (isUnderWay) return `Downloading: ${id}, ${amount} so far`
  return `Unfinished: ${id}, ${amount} so far (pull it again to go on, or rm it)`
}

const installedColumns: readonly Column<InstalledModel>[] = [
  { title: 'NAME', of: model => model.id },
  { title: 'SIZE', of: model => formatBytes(model.sizeBytes), isNumber: true },
  { title: 'QUANTIZATION', of: model => model.quantization ?? '-' },
  { title: 'CONTEXT', of: model => model.capabilities.contextTokens?.toLocaleString('en') ?? '-', isNumber: true },
  { title: 'ADDED', of: model => model.addedAt.slice(0, 10) },
]

function printInstalled(models: readonly InstalledModel[], isJson: boolean, { output }: ModelsContext): void {
  if (isJson) return output.printJson(models)
  if (models.length === 0) return output.note('No models yet. Begin with: duologue pull starter')
  output.print(formatTable(models, installedColumns))
}

const availableColumns: readonly Column<AvailableModel>[] = [
  { title: 'NAME', of: entry => entry.name },
  { title: 'PARAMETERS', of: entry => entry.parameters },
  { title: 'SIZE', of: entry => formatBytes(entry.sizeBytes), isNumber: true },
  { title: 'MEMORY', of: entry => formatBytes(entry.minimumMemoryBytes), isNumber: true },
  { title: 'LICENCE', of: entry => entry.licence },
  { title: '', of: stateOf },
]

function stateOf({ isInstalled, fitsInMemory }: AvailableModel): string {
  if (isInstalled) return 'installed'
  return fitsInMemory ? '' : 'too large'
}

function printAvailable(entries: readonly AvailableModel[], isJson: boolean, { output }: ModelsContext): void {
  if (isJson) return output.printJson(entries)
  output.print(formatTable(entries, availableColumns))
}
