import { join } from 'node:path'
import type { ManagedCommand, ProviderSettings } from '../../core/provider-settings.ts'
import type { Upstream } from '../upstream.ts'
import { usualBackOff } from './back-off.ts'
import { engineSecrets, engineVariables } from './engine-environment.ts'
import type { Environment } from './engine-environment.ts'
import { EngineLog } from './engine-log.ts'
import type { EngineNews, TellEngineNews } from './engine-news.ts'
import type { ManagedSettings } from './engine-plan.ts'
import { LogFile } from './log-file.ts'
import { ManagedEngine } from './managed-engine.ts'
import type { Patience } from './managed-engine.ts'

/** What providers with a command need besides. */
export interface ManagedMeans {
  /** Ours; an engine gets what it needs of it, and no keys. Absent: nothing at all. */
  readonly environment?: Environment
  /** Hears what happens to engines, and what they write. */
  readonly onEngine?: TellEngineNews
  /** The folder that keeps what engines wrote, as `<provider>.log`. */
  readonly logFolder?: string
  /** How failures and slow ends are met; the usual way where absent. */
  readonly patience?: Partial<Patience>
}

const usualPatience: Patience = { ...usualBackOff, graceMs: 10_000, portMs: 3000 }

/** Whether a provider has a command. */
export function isManaged<Settings extends ProviderSettings>(
  settings: Settings,
): settings is Settings & { readonly command: ManagedCommand } {
  return settings.command !== undefined
}

/** Makes the engine behind a provider. Starts nothing yet. */
export function manageEngine(
  upstream: Upstream,
  settings: ManagedSettings,
  { now, environment = {}, ...means }: ManagedMeans & { readonly now: () => number },
): ManagedEngine {
  return new ManagedEngine({
    settings,
    variables: engineVariables(environment, settings, upstream.kind),
    log: new EngineLog(engineSecrets(settings)),
    isHealthy: signal => upstream.isHealthy(signal),
    moveTo: port => upstream.moveTo(port),
    tell: tellAll(settings.id, means),
    now,
    patience: { ...usualPatience, ...means.patience },
  })
}

function tellAll(id: string, { onEngine, logFolder }: ManagedMeans): TellEngineNews {
  const file = logFolder === undefined ? undefined : new LogFile(join(logFolder, `${id}.log`))
  return news => {
    onEngine?.(news)
    const line = lineOf(news)
    if (line !== undefined) file?.add(line)
  }
}

function lineOf(news: EngineNews): string | undefined {
  switch (news.type) {
    case 'line':
      return news.line
    case 'starting':
      return `[duologue] starts it at port ${news.port}`
    case 'ready':
      return `[duologue] it is ready after ${(news.tookMs / 1000).toFixed(1)} s`
    case 'failed':
      return `[duologue] it ${news.why}`
    case 'crashed':
      return `[duologue] it ended by itself: ${news.signal ?? `exit status ${news.code}`}`
    case 'stopped':
      return `[duologue] it was stopped: ${news.why}`
  }
}
