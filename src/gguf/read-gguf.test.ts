import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Arbitrary } from 'fast-check'
import { array, assert, asyncProperty, boolean, double, integer, nat, oneof, string } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GgufToWrite, MetadataValue } from '../../test/support/gguf-writer.ts'
import { encodeGguf } from '../../test/support/gguf-writer.ts'
import { tinyChatTemplate, tinyModel, writeTinyModel } from '../../test/support/tiny-model.ts'
import { ModelError } from '../core/errors.ts'
import { readGguf, readGgufTexts } from './read-gguf.ts'

let folder: string
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'))
  path = join(folder, 'model.gguf')
})

afterAll(async () => rm(folder, { recursive: true }))

async function refusalOf(file: string): Promise<ModelError> {
  const error: unknown = await readGguf(file).catch((error: unknown) => error)
  if (error instanceof ModelError) return error
  throw new Error('the file was not refused', { cause: error })
}

async function write(change: Partial<GgufToWrite> = {}): Promise<void> {
  await writeFile(path, encodeGguf({ ...tinyModel(), ...change }))
}

test('a sound model tells its shape, its tokenizer and its template', async () => {
  await writeTinyModel(path, { contextLength: 1024, layers: 3 })
  const file = await readGguf(path)
  expect(file).toMatchObject({ version: 3, name: 'Tiny', fileType: 'F32', chatTemplate: tinyChatTemplate })
  expect(file.shape).toMatchObject({ architecture: 'llama', layers: 3, contextTokens: 1024, embeddingLength: 64 })
  expect(file.shape).toMatchObject({ heads: [4, 4, 4], keyValueHeads: [2, 2, 2], keyLength: 32, valueLength: 32 })
  expect(file.tokenizer).toMatchObject({
    model: 'gpt2',
    pre: 'smollm',
    vocabularySize: 283,
    bosTokenId: 1,
    eosTokenId: 2,
  })
})

test('tensors lie where the weights are', async () => {
  const model = tinyModel()
  const bytes = encodeGguf(model)
  await writeFile(path, bytes)
  const { tensors } = await readGguf(path)
  const found = tensors.map(({ offset, bytes: length }) => Buffer.from(bytes.subarray(offset, offset + length)))
  expect(found.map(data => data.toString('base64'))).toEqual(
    model.tensors.map(({ data }) => Buffer.from(data).toString('base64')),
  )
})

test('a long list is read only when it is asked for', async () => {
  await write()
  const file = await readGguf(path)
  expect(file.metadata.get('tokenizer.ggml.tokens')).not.toHaveProperty('values')
  const tokens = await readGgufTexts(file, 'tokenizer.ggml.tokens')
  expect(tokens.slice(0, 3)).toEqual(['<|endoftext|>', '<|im_start|>', '<|im_end|>'])
  expect(tokens).toHaveLength(283)
})

test('a file that was changed since is not read for its lists', async () => {
  await write()
  const file = await readGguf(path)
  await writeTinyModel(path, { name: 'Another' })
  await expect(readGgufTexts(file, 'tokenizer.ggml.tokens')).rejects.toThrow('model.gguf was changed since it was read')
})

test('models of one seed are the same, and of two seeds are not', () => {
  const [one, same, other] = [1, 1, 2].map(seed => Buffer.from(encodeGguf(tinyModel({ seed }))))
  expect(one?.equals(same ?? Buffer.alloc(0))).toBe(true)
  expect(one?.equals(other ?? Buffer.alloc(0))).toBe(false)
})

test('whatever metadata is written is read back the same', async () => {
  const law = asyncProperty(array(metadataValue(), { maxLength: 8 }), async values => {
    const extra = values.map((value, index) => [`extra.${index}`, value] as const)
    await write({ metadata: [...tinyModel().metadata, ...extra] })
    const { metadata } = await readGguf(path)
    for (const [key, value] of extra) expect(metadata.get(key)).toMatchObject(value)
  })
  await assert(law, { numRuns: 50 })
})

describe('a file that is no whole model', () => {
  test('cut short is told with both sizes', async () => {
    await writeFile(path, encodeGguf(tinyModel()).subarray(0, 400_000))
    const { kind, message } = await refusalOf(path)
    expect(kind).toBe('unavailable')
    expect(message).toBe(
      'model.gguf is cut short: the header promises 547,232 bytes, the file has 400,000; download it again',
    )
  })

  test.each([
    ['', 'is empty'],
    ['version https://git-lfs.github.com/spec/v1', 'probably a Git LFS pointer'],
    ['<!DOCTYPE html><html><body>Log in</body></html>', 'a web page'],
    ['GGUF\u0001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'version 1'],
    ['GGUF\0\0\0\u0003\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'big-endian'],
  ])('%j is told for what it is', async (content, told) => {
    await writeFile(path, content)
    expect((await refusalOf(path)).message).toContain(told)
  })

  test('a part of a split model says which, and how to merge', async () => {
    const split = [
      ['split.count', { type: 'u16', value: 3 }],
      ['split.no', { type: 'u16', value: 1 }],
    ] as const
    await write({ metadata: [...tinyModel().metadata, ...split] })
    expect((await refusalOf(path)).message).toMatch(/is part 2 of 3 of a split model.*merge the parts/)
  })

  test('a vision projector is not a model', async () => {
    await write({ metadata: [...tinyModel().metadata, ['general.type', { type: 'string', value: 'mmproj' }]] })
    expect((await refusalOf(path)).message).toContain('is a vision projector')
  })
})

describe('a path that leads to no regular file', () => {
  test('that does not exist is not found', async () => {
    expect(await refusalOf(join(folder, 'absent.gguf'))).toMatchObject({
      kind: 'not-found',
      code: 'model-not-found',
      message: 'absent.gguf does not exist; check the path, or pull the model again',
    })
  })

  test('to a folder is refused', async () => {
    expect((await refusalOf(folder)).message).toContain('is a folder')
  })

  test('to a device or a pipe is refused without waiting', async () => {
    const pipe = process.platform === 'win32' ? String.raw`\\.\NUL` : join(folder, 'pipe.gguf')
    if (process.platform !== 'win32') execFileSync('mkfifo', [pipe])
    expect((await refusalOf(pipe)).message).toContain('is not a regular file')
  })

  test('to itself is refused', async () => {
    const loop = join(folder, 'loop.gguf')
    await symlink(loop, loop)
    expect((await refusalOf(loop)).message).toContain('symbolic link that leads back to itself')
  })

  test('with a zero byte, or too long, is refused', async () => {
    expect((await refusalOf(`${folder}/a\0b.gguf`)).message).toBe('a?b.gguf is no file name: it contains a zero byte')
    expect((await refusalOf(join(folder, 'n'.repeat(300)))).message).toContain('too long')
  })

  test('to a model through a symbolic link is read', async () => {
    await write()
    const link = join(folder, 'link.gguf')
    await symlink(path, link)
    expect((await readGguf(link)).name).toBe('Tiny')
  })

  test('to a file that may not be read is refused, unless everything may be', async () => {
    await write()
    await chmod(path, 0)
    const isAlmighty = process.getuid?.() === 0
    const outcome = await readGguf(path).then(
      () => 'read',
      (error: unknown) => String(error),
    )
    await chmod(path, 0o600)
    expect(outcome).toContain(isAlmighty ? 'read' : 'may not be read')
  })
})

function metadataValue(): Arbitrary<MetadataValue> {
  const word = string({ unit: 'grapheme' })
  return oneof(
    integer({ min: 0, max: 2 ** 32 - 1 }).map(value => ({ type: 'u32', value }) as const),
    integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(value => ({ type: 'i32', value }) as const),
    double({ noNaN: true }).map(value => ({ type: 'f64', value }) as const),
    boolean().map(value => ({ type: 'bool', value }) as const),
    word.map(value => ({ type: 'string', value }) as const),
    array(word, { maxLength: 20 }).map(values => ({ type: 'array', of: 'string', values }) as const),
    array(nat({ max: 255 }), { maxLength: 20 }).map(values => ({ type: 'array', of: 'u8', values }) as const),
  )
}
