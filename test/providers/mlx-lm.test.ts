import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/engine.ts'
import { provideManaged } from '../support/managed-provider.ts'
import type { Managed } from '../support/managed-provider.ts'
import { setUpMlx, writeTinyMlxModel } from '../support/mlx-lm.ts'
import { never, request, tell } from './ask.ts'

let programs: string
beforeAll(async () => {
  programs = await setUpMlx()
})

async function provideMlx(idleMs: number): Promise<Managed> {
  const { path, remove } = await temporaryFolder()
  onTestFinished(remove)
  await writeTinyMlxModel(programs, join(path, 'tiny'))
  // Its list of models breaks off where this folder is missing.
  await mkdir(join(path, 'hub'))
  return provideManaged({
    kind: 'mlx-lm',
    command: {
      program: join(programs, 'mlx_lm.server'),
      arguments: ['--model', join(path, 'tiny'), '--port', '{port}'],
      environment: { HF_HUB_OFFLINE: '1', HF_HUB_CACHE: join(path, 'hub') },
      idleMs,
    },
  })
}

const asked = { ...request, model: 'default_model', maxTokens: 8 }

test('the MLX server is started, answers, and is stopped when nobody asks', async () => {
  const { provider, heard, news } = await provideMlx(50)
  const { events, failure } = await tell(provider.backend.stream(asked, never))
  expect(failure).toBeUndefined()
  expect(events.at(-1)).toMatchObject({
    type: 'end',
    stop: { reason: 'max-tokens' },
    usage: { outputTokens: 8 },
  })
  expect(news.map(({ type }) => type)).toContain('ready')
  expect(await heard('stopped')).toMatchObject({ why: 'idle' })
})

test('the MLX server that is killed answers again, and the same', async () => {
  const { provider, heard } = await provideMlx(60_000)
  const first = await tell(provider.backend.stream(asked, never))
  const { processId = 0 } = await heard('ready')
  process.kill(processId, 'SIGKILL')
  await heard('crashed')
  const again = await tell(provider.backend.stream(asked, never))
  expect(again.failure).toBeUndefined()
  expect(textOf(again.events)).toBe(textOf(first.events))
  expect(textOf(again.events)).not.toBe('')
})

function textOf(events: Awaited<ReturnType<typeof tell>>['events']): string {
  return events.map(event => (event.type === 'text-delta' ? event.text : '')).join('')
}
