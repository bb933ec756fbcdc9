import { InstalledModels } from '../../src/catalog/installed.ts'
import { loadConfig } from '../../src/config/config.ts'
import { pullDependencies } from '../../src/pull-dependencies.ts'
import { pullModel } from '../../src/services/pull-model.ts'
import { cacheFolder } from './engine-package.ts'

/** The data folder of tests: it holds the starter model, and the engine. */
export const testDataFolder: string = cacheFolder

/** Gives the starter model's file, pulled once for all tests as a user would pull it. */
export async function starterModel(): Promise<string> {
  const environment = { ...process.env, DUOLOGUE_DATA: testDataFolder }
  const { model } = await pullModel(
    {
      reference: 'starter',
      isAskedHere: true,
      signal: AbortSignal.timeout(600_000),
      report: () => {},
      onSourceFailed: ({ source, error }) => process.stderr.write(`${source}: ${error.message}\n`),
    },
    { ...pullDependencies(loadConfig({}, environment), environment), models: new InstalledModels(testDataFolder) },
  )
  return model.path
}
