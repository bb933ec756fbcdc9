import { join } from 'node:path'
import type { Config } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import { dataFolder } from './config/folders.ts'
import type { Means } from './providers/create-provider.ts'
import type { Logger } from './telemetry/logger.ts'

type EngineMeans = NonNullable<Means['engines']>
type EngineNews = Parameters<NonNullable<EngineMeans['onEngine']>>[0]

/** What engines that the server starts are given: little of the environment, and a place for their logs. */
export function engineMeans(config: Config, environment: Environment, logger?: Logger): EngineMeans {
  return {
    environment,
    logFolder: join(dataFolder(config, environment), 'engines'),
    ...(logger && { onEngine: news => tell(news, logger) }),
  }
}

/* What an engine says may be what somebody asked it, so its words stay in its own log. */
function tell({ provider, ...news }: EngineNews, logger: Logger): void {
  switch (news.type) {
    case 'starting':
      return logger.info({ provider, port: news.port }, 'an engine is being started')
    case 'ready':
      return logger.info({ provider, ms: Math.round(news.tookMs), processId: news.processId }, 'an engine is ready')
    case 'failed':
      return logger.warn({ provider, why: news.why }, 'an engine could not be started')
    case 'crashed':
      return logger.error({ provider }, 'an engine ended by itself')
    case 'stopped':
      return logger.info({ provider, why: news.why }, 'an engine was stopped')
    case 'line':
  }
}
