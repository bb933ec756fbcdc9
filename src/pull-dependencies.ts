import { InstalledModels } from './catalog/installed.ts'
import type { Snapshot } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import { dataFolder, hubCacheFolder } from './config/folders.ts'
import { proxiesOf } from './config/proxies.ts'
import type { PullDependencies } from './services/pull-model.ts'

/** What pulling and listing models need. */
export function pullDependencies({ config }: Snapshot, environment: Environment): PullDependencies {
  const { hubEndpoint, hubToken } = config
  return {
    models: new InstalledModels(dataFolder(config, environment)),
    hub: {
      endpoint: hubEndpoint,
      cacheDirectory: hubCacheFolder(config, environment),
      ...(hubToken !== undefined && { token: hubToken }),
      proxy: proxiesOf(config),
    },
    pip: { environment },
    availableMemoryBytes: process.availableMemory(),
    now: () => new Date(),
  }
}
