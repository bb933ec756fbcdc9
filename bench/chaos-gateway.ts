import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createApp } from '../src/app.ts'
import { pullDependencies } from '../src/pull-dependencies.ts'
import type { ModelProcess } from '../src/cli/program-context.ts'
import { loadConfig } from '../src/config/config.ts'
import { pullModel } from '../src/services/pull-model.ts'
import { cacheFolder } from '../test/support/engine-package.ts'
import { writeTinyModel } from '../test/support/tiny-model.ts'

/*
 * The whole program in a process of its own, with tiny models; bench/chaos.ts starts it and asks it how it fares.
 */

export interface GatewaySettings {
  readonly folder: string
  readonly models: readonly string[]
  readonly contextTokens: number
  /** Whether the models close what is open before long. */
  readonly areBrief?: boolean
  readonly flags: Readonly<Record<string, unknown>>
}

export interface ModelNow extends ModelProcess {
  readonly answering: number
  readonly waiting: number
  /** Requests that hold the model, counts among them. */
  readonly requests: number
}

/** How the gateway fares. */
export interface GatewayStatus {
  readonly models: readonly ModelNow[]
  /** Requests that were run more than once. */
  readonly repeated: number
}

export type FromGateway =
  | { readonly type: 'ready'; readonly url: string; readonly loadMs: number }
  | { readonly type: 'status'; readonly id: number; readonly status: GatewayStatus }

// oxlint-disable-next-line no-unsafe-type-assertion -- bench/chaos.ts starts this file with settings
const {
  folder,
  models,
  contextTokens,
  areBrief = false,
  flags,
} = JSON.parse(process.argv[2] ?? '{}') as GatewaySettings
const environment = { ...process.env, DUOLOGUE_DATA: folder, DUOLOGUE_ENGINE_BUILD: 'cpu' }
const loaded = loadConfig({ port: 0, contextTokens, logLevel: 'info', ...flags }, environment)
await symlink(join(cacheFolder, 'engine'), join(folder, 'engine'))
for (const model of models) await addModel(model)

let repeated = 0
const app = createApp(loaded, {
  environment,
  log: { write: line => (repeated += /"attempts":\[\{[^}]*\},/.test(line) ? 1 : 0) },
  notify: () => {},
})
const url = await app.listen()
const began = performance.now()
for (const model of models) await app.load(model)
say({ type: 'ready', url, loadMs: (performance.now() - began) / models.length })
process.on('message', id => say({ type: 'status', id: Number(id), status: { models: modelsNow(), repeated } }))
process.once('disconnect', () => void app.close())

function modelsNow(): readonly ModelNow[] {
  // oxlint-disable-next-line no-unsafe-type-assertion -- the engine tells more of a model than commands need
  return app.processes() as readonly ModelNow[]
}

async function addModel(name: string): Promise<void> {
  const reference = join(folder, `${name}.gguf`)
  await writeTinyModel(reference, { contextLength: contextTokens, isBrief: areBrief })
  await pullModel(
    { reference, name, isAskedHere: true, signal: AbortSignal.timeout(60_000), report: () => {} },
    pullDependencies(loaded, environment),
  )
}

function say(message: FromGateway): void {
  process.send?.(message)
}
