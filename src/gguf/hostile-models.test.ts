import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { array, assert, asyncProperty, bigInt, nat, oneof, record, uint8Array } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGguf, text, u32, u64, valueTypes } from '../../test/support/gguf-writer.ts'
import { hostileModels } from '../../test/support/hostile-models.ts'
import { tinyModel } from '../../test/support/tiny-model.ts'
import { ModelError } from '../core/errors.ts'
import { readGguf } from './read-gguf.ts'

let folder: string
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'))
  path = join(folder, 'model.gguf')
})

afterAll(async () => rm(folder, { recursive: true }))

/** Reads bytes as a model file: gives what is refused and why, and `sound` where nothing is. Anything else throws. */
async function verdict(bytes: Uint8Array): Promise<string> {
  await writeFile(path, bytes)
  try {
    await readGguf(path)
    return 'sound'
  } catch (error) {
    if (error instanceof ModelError && /^model\.gguf \P{Cc}+$/u.test(error.message)) return error.message
    throw error
  }
}

const corpus = hostileModels()

test('there are more than 300 hostile models, no two alike', () => {
  expect(new Set(corpus.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).size).toBeGreaterThan(300)
})

// A changed byte may say something else that is true: another name, another token.
const mayBeSound = /changed|of another type|^attention.key_length|^context_length/

test('every hostile model is refused with its name and the reason', async () => {
  const verdicts: (readonly [string, string])[] = []
  for (const { name, bytes } of corpus) verdicts.push([name, await verdict(bytes)])
  expect(verdicts.filter(([name, said]) => said === 'sound' && !mayBeSound.test(name))).toEqual([])
  expect(verdicts.filter(([, said]) => said !== 'sound').length).toBeGreaterThan(300)
})

test('whatever bytes are changed, a model is read or refused, and nothing else happens', async () => {
  const sound = encodeGguf(tinyModel({ layers: 1 }))
  const number = bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(u64)
  const change = record({
    place: nat({ max: 8000 }),
    bytes: oneof(uint8Array({ minLength: 1, maxLength: 16 }), number),
  })
  const law = asyncProperty(array(change, { minLength: 1, maxLength: 4 }), async changes => {
    const changed = Uint8Array.from(sound)
    for (const { place, bytes } of changes) changed.set(bytes, place)
    expect(await verdict(changed)).toBeTruthy()
  })
  await assert(law, { numRuns: 400 })
})

test('whatever follows the magic is read or refused', async () => {
  const law = asyncProperty(uint8Array({ maxLength: 400 }), nat({ max: 20 }), async (bytes, count) => {
    const start = [Buffer.from('GGUF'), u32(3), u64(0n), u64(BigInt(count))]
    expect(await verdict(Buffer.concat([...start, bytes]))).toBeTruthy()
  })
  await assert(law, { numRuns: 400 })
})

describe('a header as large as a header may be', () => {
  const large: Readonly<Record<string, () => Uint8Array>> = {
    'many tokens': () => header(list('tokenizer.ggml.tokens', texts(300_000, 40))),
    'long tokens': () => header(list('tokenizer.ggml.tokens', texts(2000, 16_000))),
    'many merges': () => header(list('tokenizer.ggml.merges', texts(600_000, 80))),
    'much text': () => header(...Array.from({ length: 60 }, (_, index) => longText(`text.${index}`, 2 ** 20 - 1))),
    'many entries': () => header(...Array.from({ length: 4096 }, (_, index) => longText(`text.${index}`, 4000))),
  }

  test.each(Object.keys(large))('%s take less than 64 MB to refuse', async name => {
    await writeFile(path, large[name]?.() ?? '')
    const script = `
      const { readGguf } = await import(${JSON.stringify(new URL('read-gguf.ts', import.meta.url).href)})
      const before = process.memoryUsage().rss
      let most = before
      setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 1).unref()
      const refused = await readGguf(${JSON.stringify(path)}).then(() => 'sound', error => error.name)
      console.log(refused, Math.max(most, process.memoryUsage().rss) - before)`
    const arguments_ = ['--max-semi-space-size=4', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, arguments_)
    const [refused, grownBytes] = stdout.trim().split(' ')
    expect(refused).toBe('ModelError')
    expect(Number(grownBytes)).toBeLessThan(64 * 2 ** 20)
  })
})

function header(...entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1n), u64(BigInt(entries.length)), ...entries])
}

function list(key: string, elements: readonly Uint8Array[]): Uint8Array {
  const types = [u32(valueTypes.array), u32(valueTypes.string)]
  return Buffer.concat([text(key), ...types, u64(BigInt(elements.length)), ...elements])
}

function texts(count: number, bytes: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => text(String(index).padStart(bytes, '0')))
}

function longText(key: string, bytes: number): Uint8Array {
  return Buffer.concat([text(key), u32(valueTypes.string), text('x'.repeat(bytes))])
}
