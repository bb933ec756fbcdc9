import { assert, oneof, property, string, webUrl } from 'fast-check'
import { expect, test } from 'vitest'
import { ModelError } from '../core/errors.ts'
import { hubFileUrl } from './hub.ts'
import { isModelId, modelIdFor } from './model-id.ts'
import { describeSource } from './model-source.ts'
import { catalogue } from './recommended.ts'
import { parseReference } from './source.ts'

function refusalOf(text: string): ModelError {
  try {
    parseReference(text)
  } catch (error) {
    if (error instanceof ModelError) return error
    throw error
  }
  throw new Error(`"${text}" was accepted`)
}

test('hf: names a file of a repository, on main unless a revision is given', () => {
  const file = { type: 'hub', repository: 'Qwen/Qwen3-8B-GGUF', file: 'Qwen3-8B-Q4_K_M.gguf' }
  expect(parseReference('hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf')).toEqual({ ...file, revision: 'main' })
  expect(parseReference('hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf@v1.0')).toEqual({ ...file, revision: 'v1.0' })
  expect(parseReference('hf:a/b/sub/folder/m.gguf')).toMatchObject({ file: 'sub/folder/m.gguf' })
})

test('the address of a file page on the hub means the file', () => {
  const page = 'https://huggingface.co/Qwen/Qwen3-8B-GGUF/blob/main/Qwen3-8B-Q4_K_M.gguf'
  expect(parseReference(page)).toEqual(parseReference('hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf'))
  expect(parseReference(`${page.replace('blob', 'resolve')}?download=true`)).toEqual(parseReference(page))
})

test('https addresses and loopback http addresses are web files', () => {
  expect(parseReference('https://example.com/m.gguf')).toEqual({ type: 'web', url: 'https://example.com/m.gguf' })
  expect(parseReference('http://127.0.0.1:8080/m.gguf')).toMatchObject({ type: 'web' })
  expect(parseReference('http://[::1]/m.gguf')).toMatchObject({ type: 'web' })
})

test.each(['./m.gguf', '../m.gguf', '/models/m.gguf', 'm.gguf', 'sub/m.GGUF', 'C:\\models\\m.gguf', './no-ending'])(
  '%s is a local file',
  path => {
    expect(parseReference(path)).toEqual({ type: 'file', path })
  },
)

test('every name of the catalogue is found, in any case', () => {
  for (const entry of catalogue) {
    expect(parseReference(entry.name.toUpperCase())).toEqual({ type: 'catalogue', entry })
  }
})

test('an unknown name lists the near ones', () => {
  const error = refusalOf('qwen3-8')
  expect(error.kind).toBe('not-found')
  expect(error.code).toBe('model-not-found')
  expect(error.message).toContain('qwen3-8b')
  expect(refusalOf('startre').message).toContain('starter')
  expect(refusalOf('zzzzzzzzzzzzzzz').message).toContain('hf:owner/repository/file.gguf')
})

test.each([
  ['', 'names no model'],
  ['a\u0000b', 'names no model'],
  ['x'.repeat(3000), 'names no model'],
  ['hf:owner', 'names no file'],
  ['hf:owner/repo', 'names no file'],
  ['hf:../repo/m.gguf', 'not a repository'],
  ['hf:owner/..%2f/m.gguf', 'not a repository'],
  ['hf:owner/re..po/m.gguf', 'not a repository'],
  ['hf:owner/repo/../../m.gguf', 'not a file of a repository'],
  ['hf:owner/repo//m.gguf', 'not a file of a repository'],
  ['hf:owner/repo/a\\..\\m.gguf', 'not a file of a repository'],
  ['hf:owner/repo/m.safetensors', 'not a GGUF file'],
  ['hf:owner/repo/m-00001-of-00003.gguf', 'split model'],
  ['hf:owner/repo/m.gguf@../main', 'not a revision'],
  ['hf:owner/repo/m.gguf@a/../b', 'not a revision'],
  ['hf:owner/repo/m.gguf@', 'not a revision'],
  ['http://example.com/m.gguf', 'use https://'],
  ['http://localhost.evil.com/m.gguf', 'use https://'],
  ['ftp://example.com/m.gguf', 'use https://'],
  ['file:///etc/passwd', 'use https://'],
  ['https://user:pass@example.com/m.gguf', 'user name or password'],
  ['https://example.com/', 'not a GGUF file'],
  ['https://', 'not an address'],
  ['https://huggingface.co/Qwen/Qwen3-8B-GGUF', 'not the page of a file'],
  ['https://huggingface.co/a/b/resolve/main/..%2f..%2fm.gguf', 'not a file of a repository'],
])('%j is refused: %s', (text, why) => {
  expect(refusalOf(text).message).toContain(why)
})

test('an address with a broken escape is refused as one', () => {
  expect(refusalOf('https://example.com/%E0%A4%A.gguf').kind).toBe('invalid-request')
})

/** Gives what a call gives, or the ModelError that it throws; any other error is thrown on. */
function outcome<Result>(call: () => Result): Result | ModelError {
  try {
    return call()
  } catch (error) {
    if (error instanceof ModelError) return error
    throw error
  }
}

test('whatever is written, a reference is read or refused with a ModelError', () => {
  const rest = string()
  const text = oneof(
    rest,
    webUrl(),
    rest.map(rest => `hf:${rest}`),
    rest.map(rest => `https://h/${rest}.gguf`),
    rest.map(rest => `https://hf.co/a/b/blob/${rest}.gguf`),
  )
  assert(
    property(text, text => {
      expect(outcome(() => parseReference(text))).toBeDefined()
    }),
  )
})

test('whatever file is named, the id made from it stays one plain folder name', () => {
  assert(
    property(string(), path => {
      const id = outcome(() => modelIdFor({ type: 'file', path }))
      expect(id instanceof ModelError || (isModelId(id) && !/[\\/]|^\.|\.$/.test(id))).toBe(true)
    }),
  )
})

test('ids come from the catalogue, the file or the wish', () => {
  expect(modelIdFor(parseReference('starter'))).toBe('starter')
  expect(modelIdFor(parseReference('hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf'))).toBe('qwen3-8b-q4_k_m')
  expect(modelIdFor(parseReference('./My Model (v2).gguf'))).toBe('my-model-v2')
  expect(modelIdFor(parseReference('https://example.com/a/My%20Model.gguf?x=1'))).toBe('my-model')
  expect(modelIdFor(parseReference('starter'), 'mine')).toBe('mine')
  expect(() => modelIdFor(parseReference('starter'), '../mine')).toThrow(/cannot name a model/)
  expect(() => modelIdFor(parseReference('./。.gguf'))).toThrow(/--name/)
})

test('a file with unusual letters has an address that says them', () => {
  const file = { type: 'hub', repository: 'a/b', file: 'sub/m #1?.gguf', revision: 'refs/pr/1' } as const
  expect(hubFileUrl('https://hub.example/mirror', file).href).toBe(
    'https://hub.example/mirror/a/b/resolve/refs%2Fpr%2F1/sub/m%20%231%3F.gguf',
  )
  expect(describeSource(file)).toBe('hf:a/b/sub/m #1?.gguf@refs/pr/1')
})

test('the catalogue is sound: unique plain names, sizes in order, single files, sensible memory', () => {
  const names = catalogue.map(entry => entry.name)
  expect(new Set(names).size).toBe(names.length)
  expect(catalogue.map(entry => entry.sizeBytes)).toEqual(catalogue.map(entry => entry.sizeBytes).sort((a, b) => a - b))
  for (const entry of catalogue) {
    expect(isModelId(entry.name)).toBe(true)
    expect(entry.minimumMemoryBytes).toBeGreaterThan(entry.sizeBytes)
    const [first] = entry.sources
    expect(first?.type).toBe('hub')
    expect(first === undefined ? undefined : parseReference(describeSource(first))).toEqual(first)
  }
})
