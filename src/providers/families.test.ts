import { expect, test } from 'vitest'
import { claimsOf } from './families.ts'

test.each([
  ['anthropic', 'claude-3-5-haiku-20241022', [true, true, true]],
  ['anthropic', 'claude-sonnet-4-5', [true, true, true]],
  ['anthropic', 'claude-2.1', []],
  ['openai', 'gpt-4o-mini-2024-07-18', [true, true, true]],
  ['openai', 'gpt-4o-audio-preview', []],
  ['openai', 'gpt-4o-search-preview', []],
  ['openai', 'gpt-4.1-nano', [true, true, true]],
  ['openai', 'gpt-5.3-codex', [true, true, true]],
  ['openai', 'gpt-6-sol', [true, true, true]],
  ['openai', 'gpt-60', []],
  ['openai', 'o3', [true, true, true]],
  ['openai', 'o3-mini', [true, false, false]],
  ['openai', 'o1-mini-2024-09-12', [false, false, false]],
  ['openai', 'gpt-4', [true, false, false]],
  ['openai', 'gpt-4-0613', [true, false, false]],
  ['openai', 'gpt-4-turbo-2024-04-09', [true, true, undefined]],
  ['openai', 'gpt-4-1106-vision-preview', []],
  ['openai', 'gpt-3.5-turbo-0125', [true, false, false]],
  ['openai', 'text-embedding-3-small', []],
  ['azure', 'gpt-4o', [true, true, true]],
  ['azure', 'our-deployment', []],
  ['google', 'gemini-2.5-flash', [true, true, undefined]],
  ['google', 'gemini-2.5-flash-image', []],
  ['google', 'gemini-embedding-001', []],
  ['x-ai', 'grok-4-fast-reasoning', [true, true, undefined]],
  ['x-ai', 'grok-3-mini', [true, false, undefined]],
  ['x-ai', 'grok-code-fast-1', [true, false, undefined]],
  ['x-ai', 'grok-2-vision-1212', [true, true, undefined]],
  ['x-ai', 'grok-2-image-1212', []],
  ['deepseek', 'deepseek-flash', [true, true, undefined]],
  ['deepseek', 'deepseek-v4-pro', [true, false, undefined]],
  ['deepseek', 'deepseek-chat', []],
  ['openrouter', 'claude-sonnet-4-5', []],
  ['__proto__', 'gpt-4o', []],
])(
  'of %s, %s is claimed to take tools, pictures and documents as %j says',
  (maker, model, [tools, vision, documents]) => {
    const claims = claimsOf(maker, model)
    expect([claims.tools, claims.vision, claims.documents]).toEqual([tools, vision, documents])
  },
)
