import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstalledModels } from '../../src/catalog/installed.ts'
import { defaultLimits } from '../../src/catalog/limits.ts'
import type { RunningPullOptions } from '../../src/services/running-pull.ts'
import { createSharedPulls } from '../../src/services/shared-pulls.ts'
import type { SharedPulls } from '../../src/services/shared-pulls.ts'

/** Makes downloads that give up soon, from a hub at nowhere unless one is named. */
export function openTestPulls(options: Partial<RunningPullOptions> & Pick<RunningPullOptions, 'models'>): SharedPulls {
  return createSharedPulls({
    hub: { endpoint: 'http://127.0.0.1:1' },
    pip: { environment: {}, commands: [] },
    availableMemoryBytes: 2 ** 34,
    now: () => new Date('2026-01-02T03:04:05Z'),
    nowMs: () => performance.now(),
    limits: { ...defaultLimits, attempts: 2, retryDelayMs: 5, idleTimeoutMs: 5000, maxBytes: 2 ** 60 },
    onNews: () => {},
    ...options,
  })
}

/** The downloads of a server that nobody asks for any. */
export const noPulls: SharedPulls = openTestPulls({ models: new InstalledModels(join(tmpdir(), 'duologue-nowhere')) })
