import type { InstalledModels } from './catalog/installed.ts'
import type { Snapshot } from './config/config.ts'
import { pullDependencies } from './pull-dependencies.ts'
import { createSharedPulls } from './services/shared-pulls.ts'
import type { PullNews, SharedPulls } from './services/shared-pulls.ts'
import type { Logger } from './telemetry/logger.ts'
import type { World } from './world.ts'

/** What the downloads of a server are made of beside the configuration. */
export interface PullParts extends Pick<World, 'environment' | 'notify'> {
  readonly models: InstalledModels
  readonly logger: Logger
  readonly onNews: (news: PullNews) => void
}

/** Makes the downloads of a server. What a model may take is measured here, before any is loaded. */
export function openPulls(first: Snapshot, { environment, notify, models, logger, onNews }: PullParts): SharedPulls {
  return createSharedPulls({
    ...pullDependencies(first, environment),
    models,
    nowMs: () => performance.now(),
    onNews: news => {
      tellPull(news, { logger, notify })
      onNews(news)
    },
  })
}

function tellPull(news: PullNews, { logger, notify }: Pick<PullParts, 'logger' | 'notify'>): void {
  switch (news.type) {
    case 'pulling':
      notify(`Downloading ${news.model} from ${news.source}…`)
      return logger.info(news, 'a model is being downloaded')
    case 'pulled':
      return logger.info(news, 'a model was downloaded')
    case 'pull-stopped':
      return logger.info(news, 'a download was stopped')
    case 'pull-failed':
      return logger.warn(news, 'a model could not be downloaded')
    case 'pull-progress':
  }
}
