import type { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import { ModelError } from '../core/errors.ts'
import type { PullDependencies, Pulled } from '../services/pull-model.ts'
import { keptBytes, pullModel } from '../services/pull-model.ts'
import type { ModelsContext } from './models-context.ts'
import type { ProgressView } from './progress.ts'
import { createProgressView } from './progress.ts'

interface PullOptions {
  readonly name?: string
  readonly force?: boolean
  readonly json?: boolean
}

const examples = `
Examples:
  duologue pull starter                     a small model to begin with (94 MiB)
  duologue pull qwen3-8b                    a model of the catalogue (duologue list --available)
  duologue pull hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf
  duologue pull https://example.com/model.gguf
  duologue pull ./model.gguf --name mine    a file you have: linked, not copied, where the disk can

HF_TOKEN, HF_ENDPOINT, HF_HOME, HTTPS_PROXY and pip's own settings are respected.
An interrupted download goes on where it stopped when you run the same command again.`

/** Adds `duologue pull`. */
export function registerPull(program: Command, context: ModelsContext): void {
  program
    .command('pull')
    .description('download a model, or take in a file you have')
    .argument(
      '<model>',
      'a name of the catalogue, hf:owner/repository/file.gguf[@revision], an https address or a path',
    )
    .option('--name <name>', 'keep it under this name')
    .option('--force', 'pull it even if it will not fit in memory')
    .option('--json', 'write the result as JSON')
    .addHelpText('after', examples)
    .action(async (reference: string, options: PullOptions) => {
      const dependencies = await context.dependencies()
      const view = createProgressView(context.output)
      try {
        printPulled(await pull({ reference, options, dependencies, view }, context), options, context)
      } finally {
        view.end()
      }
    })
}

interface Pull {
  readonly reference: string
  readonly options: PullOptions
  readonly dependencies: PullDependencies
  readonly view: ProgressView
}

async function pull(
  { reference, options, dependencies, view }: Pull,
  { output, signal }: ModelsContext,
): Promise<Pulled> {
  const wanted = { reference, isAskedHere: true, ...(options.name !== undefined && { name: options.name }) }
  try {
    return await pullModel(
      {
        ...wanted,
        isForced: options.force === true,
        signal,
        report: progress => view.show(progress),
        onSourceFailed: ({ source, error }) => {
          view.end()
          output.note(`${source} failed: ${error.message}. Trying the next source.`)
        },
      },
      dependencies,
    )
  } catch (error) {
    if (!(error instanceof ModelError) || error.kind !== 'aborted') throw error
    throw stopped(await keptBytes(wanted, dependencies), error)
  }
}

function stopped(kept: number, cause: ModelError): ModelError {
  const message = kept > 0 ? `stopped; ${formatBytes(kept)} are kept, run the same command to go on` : 'stopped'
  return new ModelError('aborted', message, { cause })
}

function printPulled({ model, isNew }: Pulled, { json }: PullOptions, { output }: ModelsContext): void {
  if (json === true) return output.printJson({ ...model, isNew })
  const size = formatBytes(model.sizeBytes)
  output.print(
    isNew
      ? `${output.style('green', model.id)} is ready (${size})`
      : `${output.style('green', model.id)} is here already (${size})`,
  )
}
