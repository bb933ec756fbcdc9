import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArchiveOptions } from '../../src/engine/archive-places.ts'
import { collect } from '../../src/core/collect.ts'
import type { Answer } from '../../src/core/collect.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine, EngineNews, EngineOptions } from '../../src/engine/engine.ts'
import type { LoadPreferences, ModelPreferences } from '../../src/engine/load-plan.ts'
import type { Patience } from '../../src/engine/step-times.ts'
import { provisionForTests } from './engine-package.ts'
import { usualPacing } from './usual-pacing.ts'

export interface TestEngine {
  readonly engine: Engine
  readonly news: readonly EngineNews[]
  /** Asks model `tiny` and gives the whole answer. */
  ask(text: string, more?: Partial<ModelRequest>): Promise<Answer>
  /** The process of a loaded model. */
  processOf(model: string): number
}

/** A folder that the test may fill; it is gone with the test's file. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'duologue-test-'))
  return { path, remove: () => removeFolder(path) }
}

/** Removes a folder. A model's process that lost its gateway may still be writing its conversations away there. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Starts the real engine over model files by name, or over whatever finds them. */
export function openEngine(
  files: Readonly<Record<string, string>> | EngineOptions['locate'],
  more: {
    preferences?: Partial<LoadPreferences>
    /** What is said of single models. */
    own?: Readonly<Record<string, ModelPreferences>>
    policy?: Partial<EngineOptions['policy']>
    availableMemoryBytes?: number
    patience?: Patience
    isConfined?: boolean
    now?: () => number
    archive?: ArchiveOptions
    onNews?: (news: EngineNews) => void
  } = {},
): TestEngine {
  const news: EngineNews[] = []
  let answers = 0
  const engine = createEngine({
    locate: typeof files === 'function' ? files : async model => files[model],
    provision: provisionForTests,
    preferences: model => ({
      batchTokens: 512,
      pacing: usualPacing,
      threads: 1,
      ...more.preferences,
      ...more.own?.[model],
    }),
    policy: {
      keepAliveMs: 300_000,
      pinned: [],
      expected: [],
      queueTimeoutMs: 10_000,
      mostWaiting: 512,
      attach: 'resent',
      attachGraceMs: 0,
      ...more.policy,
    },
    ...(more.archive && { archive: more.archive }),
    availableMemoryBytes: () => more.availableMemoryBytes ?? process.availableMemory(),
    ...(more.isConfined !== undefined && { isConfined: more.isConfined }),
    ...(more.patience && { patience: more.patience }),
    environment: { PATH: process.env['PATH'] ?? '' },
    uniqueId: () => `answer-${(answers += 1)}`,
    now: more.now ?? (() => performance.now()),
    onNews: event => {
      news.push(event)
      more.onNews?.(event)
    },
  })
  return {
    engine,
    news,
    ask: (text, extra) => collect(engine.stream(askFor(text, extra), new AbortController().signal)),
    processOf: model => {
      const found = engine.status().find(status => status.model === model)?.processId
      if (found === undefined) throw new Error(`${model} has no process`)
      return found
    },
  }
}

/** A greedy request of one user turn to model `tiny`. */
export function askFor(text: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'tiny',
    system: [],
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    sampling: { temperature: 0 },
    maxTokens: 24,
    ...more,
  }
}

/** The text of an answer. */
export function textOf({ blocks }: Answer): string {
  return blocks.map(({ content }) => content).join('')
}
