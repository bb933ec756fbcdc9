import { copyFile, link, mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/app.ts'
import { pullDependencies } from '../../src/pull-dependencies.ts'
import type { ModelProcess } from '../../src/cli/program-context.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { Flags } from '../../src/config/config.ts'
import type { Environment } from '../../src/config/environment.ts'
import { pullModel } from '../../src/services/pull-model.ts'
import { removeFolder } from './engine.ts'
import { cacheFolder } from './engine-package.ts'
import { starterModel } from './starter-model.ts'
import { writeTinyRanker } from './tiny-encoder.ts'
import type { TinyModelOptions } from './tiny-model.ts'
import { writeTinyModel } from './tiny-model.ts'

/** One line of the server's log. */
export type LogRecord = Readonly<Record<string, unknown>>

/** The whole program, serving real models on a port of this machine. */
export interface Served {
  readonly url: string
  /** Everything that was logged so far. */
  readonly log: readonly LogRecord[]
  readonly processes: () => readonly ModelProcess[]
  readonly close: () => Promise<void>
}

type Write = (path: string) => Promise<void>

const tiny =
  (options: TinyModelOptions): Write =>
  path =>
    writeTinyModel(path, options)

const tinyModels: Readonly<Record<string, Write>> = {
  tiny: tiny({}),
  /** Says any bytes, so that its characters come in pieces. */
  bytes: tiny({ speaks: 'bytes' }),
  /** Forgets soon. */
  short: tiny({ contextLength: 256 }),
  /** Makes embeddings. */
  vectors: tiny({ pooling: 1 }),
  /** Fills gaps. */
  gaps: tiny({ fillsGaps: true }),
  /** Ranks documents, of 64 tokens with their query. */
  ranks: writeTinyRanker,
}

/** The models that are served, by name, as clients see them. */
export const servedModels: readonly string[] = [...Object.keys(tinyModels), 'starter'].toSorted()

/** Starts the program in a data folder of its own that holds the models, and waits until it listens. */
export async function serveModels(flags: Flags = {}): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'duologue-served-'))
  const environment = { PATH: process.env['PATH'], DUOLOGUE_DATA: folder, DUOLOGUE_ENGINE_BUILD: 'cpu' }
  await symlink(join(cacheFolder, 'engine'), join(folder, 'engine'))
  await addStarter(folder)
  for (const [name, write] of Object.entries(tinyModels)) await addTiny(name, write, { folder, environment })
  const log: LogRecord[] = []
  const app = createApp(loadConfig({ port: 0, ...flags }, environment), {
    environment,
    log: { write: line => log.push(JSON.parse(line)) },
    notify: () => {},
  })
  return {
    url: await app.listen(),
    log,
    processes: () => app.processes(),
    close: async () => {
      await app.close()
      await removeFolder(folder)
    },
  }
}

/* A hundred megabytes are pulled once for all tests; a second name for the same bytes costs nothing. */
async function addStarter(folder: string): Promise<void> {
  const path = await starterModel()
  const home = join(folder, 'models', 'starter')
  await mkdir(home, { recursive: true })
  await copyFile(join(path, '..', 'model.json'), join(home, 'model.json'))
  const file = join(home, 'model.gguf')
  await link(path, file).catch(() => copyFile(path, file))
}

async function addTiny(
  name: string,
  write: Write,
  { folder, environment }: { folder: string; environment: Environment },
): Promise<void> {
  const path = join(folder, `${name}.gguf`)
  await write(path)
  await pullModel(
    { reference: path, name, isAskedHere: true, signal: AbortSignal.timeout(60_000), report: () => {} },
    pullDependencies(loadConfig({}, environment), environment),
  )
}
