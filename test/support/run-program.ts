import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createApp } from '../../src/app.ts'
import type { CommandApp } from '../../src/cli/program-context.ts'
import { openConfig } from '../../src/config/open-config.ts'
import { watchConfig } from '../../src/config/watch-config.ts'
import type { ConfigWatch } from '../../src/config/watch-config.ts'
import { temporaryFolder } from './engine.ts'

/** A running program. */
export interface Running {
  readonly app: CommandApp
  readonly port: number
  readonly watch: ConfigWatch
  readonly log: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Puts another configuration in the place of the one before, as an editor does. */
  configure(text: string): Promise<void>
}

/**
 * Runs the whole program over a configuration file, without models, until the test ends. What is there before it
 * starts can be prepared.
 */
export async function runProgram(
  text: string,
  prepare: (environment: Running['environment']) => Promise<void> = async () => {},
): Promise<Running> {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'duologue.yaml')
  await mkdir(join(folder.path, 'data'))
  await writeFile(file, text)
  const environment = { DUOLOGUE_DATA: join(folder.path, 'data'), DUOLOGUE_CONFIG_FILE: file, DUOLOGUE_PORT: '0' }
  await prepare(environment)
  const log: string[] = []
  let watch: ConfigWatch | undefined
  const app = createApp(await openConfig({ flags: {}, environment }), {
    environment,
    log: { write: line => log.push(line) },
    notify: () => undefined,
    watch: first => (watch = watchConfig({ first, flags: {}, environment, restMs: 1 })),
  })
  onTestFinished(async () => {
    await app.close()
    await folder.remove()
  })
  const port = Number(new URL(await app.listen()).port)
  if (!watch) throw new Error('the configuration is not followed')
  const configure = async (next: string): Promise<void> => {
    await writeFile(`${file}.new`, next)
    await rename(`${file}.new`, file)
    await watch?.reload()
  }
  return { app, port, watch, log, environment, configure }
}
