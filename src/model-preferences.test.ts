import { expect, test } from 'vitest'
import { loadConfig } from './config/config.ts'
import { preferencesOf, unusedPreferences } from './model-preferences.ts'

test('what holds for all models holds for each, and an adapter for its own', () => {
  const snapshot = loadConfig(
    { slots: '3', promptThreads: '2', cacheType: 'q8_0', adapters: ['a=x.gguf', 'b=y.gguf:2'] },
    {},
  )
  const preferences = (model: string) => preferencesOf(model, snapshot)
  const all = { slots: 3, promptThreads: 2, cacheType: 'q8_0', flashAttention: 'auto' }
  expect(preferences('a')).toMatchObject({ ...all, adapters: [{ path: 'x.gguf', scale: 1 }] })
  expect(preferences('b')).toMatchObject({ ...all, adapters: [{ path: 'y.gguf', scale: 2 }] })
  expect(preferences('c')).toMatchObject({ ...all, adapters: [] })
})

test('an adapter for a model that is not there is told of, once', () => {
  const { config } = loadConfig({ adapters: ['a=x.gguf', 'b=y.gguf', 'b=z.gguf'] }, {})
  expect(unusedPreferences(config, [{ id: 'a' }])).toEqual([
    '--lora names the model "b", which is not on this machine yet',
  ])
})
