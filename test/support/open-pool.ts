import { join } from 'node:path'
import { examineModel } from '../../src/engine/candidate.ts'
import { unconfined } from '../../src/engine/confinement.ts'
import { createGraphicsSurvey } from '../../src/engine/graphics-survey.ts'
import type { LoadPreferences } from '../../src/engine/load-plan.ts'
import { createModelPool } from '../../src/engine/pool.ts'
import type { ModelPool } from '../../src/engine/pool.ts'
import type { PoolNews } from '../../src/engine/pool-news.ts'
import { provisionForTests } from './engine-package.ts'
import { usualPacing } from './usual-pacing.ts'

export interface TestPool {
  readonly pool: ModelPool
  readonly news: readonly PoolNews[]
}

export interface TestPoolOptions {
  readonly preferences?: Partial<LoadPreferences>
  /** What a shell does to itself before it becomes a model's process. */
  readonly preparation?: string
  /** What is free of a graphics processor's own memory; as the machine has it, by default. */
  readonly graphicsBytes?: number
}

/** Opens a pool of real processes over the model files in a folder, on a machine of 16 GiB. */
export function openPool(folder: string, { preferences, preparation, graphicsBytes }: TestPoolOptions): TestPool {
  const news: PoolNews[] = []
  const now = (): number => performance.now()
  const survey = createGraphicsSurvey()
  const prefix = ['/bin/sh', '-c', `ulimit -c 0; ${preparation}; exec "$@"`, 'sh']
  const means = {
    locate: async (model: string) => join(folder, `${model}.gguf`),
    provision: provisionForTests,
    preferences: () => ({ batchTokens: 64, pacing: usualPacing, threads: 1, ...preferences }),
    environment: { PATH: process.env['PATH'] ?? '' },
    now,
    survey,
    confine: async () => (preparation === undefined ? unconfined : { prefix, hasNoNetwork: false }),
  }
  const pool = createModelPool({
    policy: { keepAliveMs: 300_000, pinned: [], expected: [], queueTimeoutMs: 10_000 },
    examine: (model, signal) => examineModel(model, means, signal),
    availableMemoryBytes: () => 16 * 2 ** 30,
    graphicsBytes: () => graphicsBytes ?? survey.freeBytes(),
    now,
    onNews: one => void news.push(one),
  })
  return { pool, news }
}
