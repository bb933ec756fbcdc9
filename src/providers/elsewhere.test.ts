import { expect, test } from 'vitest'
import type { ProviderSettings } from '../core/provider-settings.ts'
import { createProvider } from './create-provider.ts'
import { createOutbound } from './outbound.ts'

const outbound = createOutbound({})

const elsewhere = (settings: Omit<ProviderSettings, 'id'>) =>
  createProvider({ id: 'p', ...settings }, { outbound, now: () => 0 }).elsewhere

test.each([
  [{ kind: 'openai' }, 'cloud'],
  [{ kind: 'anthropic', url: 'http://127.0.0.1:4000' }, 'cloud'],
  [{ kind: 'openai-compatible', url: 'https://llm.example.com/v1' }, 'public-address'],
  [{ kind: 'ollama', url: 'http://8.8.8.8:11434' }, 'public-address'],
  [{ kind: 'ollama', url: 'http://[2606:4700::1111]:11434' }, 'public-address'],
  [{ kind: 'vllm', url: 'http://10.0.0.5:8000' }, 'other-machine'],
  [{ kind: 'vllm', url: 'http://workstation:8000' }, 'other-machine'],
  [{ kind: 'vllm', url: 'http://Workstation.LOCAL.:8000' }, 'other-machine'],
])('%j that is marked local is elsewhere: %s', (settings, where) => {
  expect(elsewhere({ ...settings, isLocal: true })).toBe(where)
  expect(elsewhere({ ...settings, isLocal: false })).toBeUndefined()
})

test.each([
  { kind: 'ollama' },
  { kind: 'openai-compatible', url: 'http://localhost:8000' },
  { kind: 'openai', command: { program: '/bin/false', arguments: ['{port}'] } },
])('%j that is marked local is on this machine', settings => {
  expect(elsewhere({ ...settings, isLocal: true })).toBeUndefined()
})
