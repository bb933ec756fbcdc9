import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ModelError } from '../core/errors.ts'
import type { Answer, FakeHub } from '../../test/support/fake-hub.ts'
import { etagOf, serveFile, sha256Of, startFakeHub } from '../../test/support/fake-hub.ts'
import { download } from './download.ts'
import type { Admit, Expected, VerifiedFile } from './download.ts'
import type { DownloadLimits } from './limits.ts'
import type { PullProgress } from './progress.ts'
import { Meter } from './progress.ts'
import { Transport } from './transport.ts'

const limits: DownloadLimits = {
  connectTimeoutMs: 1000,
  idleTimeoutMs: 300,
  attempts: 3,
  attemptsInAll: 20,
  retryDelayMs: 5,
  maxRetryDelayMs: 50,
  maxBytes: 10_000_000,
}
const content = randomBytes(300_000)
const sha256 = sha256Of(content)

let folder: string
let partPath: string
let hub: FakeHub | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-download-'))
  partPath = join(folder, 'model.gguf.part')
})
afterEach(async () => {
  await hub?.[Symbol.asyncDispose]()
  hub = undefined
  await rm(folder, { recursive: true, force: true })
})

interface Wish {
  readonly path?: string
  readonly endpoint?: string
  readonly token?: string
  readonly expected?: Expected
  readonly limits?: Partial<DownloadLimits>
  readonly signal?: AbortSignal
  readonly admit?: Admit
  readonly report?: (progress: PullProgress) => void
}

async function get(wish: Wish = {}): Promise<VerifiedFile> {
  const endpoint = wish.endpoint ?? hub?.origin ?? ''
  const bounds = { ...limits, ...wish.limits }
  const transport = new Transport({
    hub: { endpoint, ...(wish.token !== undefined && { token: wish.token }) },
    limits: bounds,
  })
  try {
    return await download({
      url: new URL(wish.path ?? '/owner/repo/resolve/main/model.gguf', endpoint),
      partPath,
      expected: wish.expected ?? {},
      limits: bounds,
      transport,
      meter: new Meter(wish.report ?? (() => {}), 'test'),
      signal: wish.signal ?? new AbortController().signal,
      admit: wish.admit ?? (async () => {}),
    })
  } finally {
    await transport.close()
  }
}

async function failure(wish: Wish = {}): Promise<ModelError> {
  const error = await get(wish).catch((error: unknown) => error)
  if (error instanceof ModelError) return error
  throw new Error('the download did not fail with a ModelError', { cause: error })
}

async function serve(answer: Answer): Promise<FakeHub> {
  hub = await startFakeHub(answer)
  return hub
}

test('a file arrives whole, asked for without compression', async () => {
  const { seen } = await serve((request, response) => serveFile(request, response, { content }))
  expect(await get()).toEqual({ path: partPath, sha256, sizeBytes: content.length })
  expect(await readFile(partPath)).toEqual(content)
  expect(seen).toHaveLength(1)
  expect(seen[0]?.acceptEncoding).toBe('identity')
})

test('a cut connection is continued from the byte where it broke', async () => {
  const { seen } = await serve((request, response, attempt) =>
    serveFile(request, response, { content, ...(attempt < 4 && { cutAfter: 70_000, arrivesAt: partPath }) }),
  )
  expect((await get()).sha256).toBe(sha256)
  expect(seen.map(request => request.range)).toEqual([undefined, 'bytes=70000-', 'bytes=140000-', 'bytes=210000-'])
})

test('a server that sends one byte at a time is given up in the end', async () => {
  const { seen } = await serve((request, response) =>
    serveFile(request, response, { content, cutAfter: 1, arrivesAt: partPath }),
  )
  await failure({ limits: { attemptsInAll: 4 } })
  expect(seen).toHaveLength(4)
})

test('a later run goes on with the part of an earlier one', async () => {
  const { seen } = await serve((request, response, attempt) =>
    serveFile(request, response, { content, ...(attempt === 1 && { cutAfter: 100_000, arrivesAt: partPath }) }),
  )
  await failure({ limits: { attempts: 1 } })
  expect((await readFile(partPath)).length).toBe(100_000)
  expect((await get()).sha256).toBe(sha256)
  expect(seen[1]?.range).toBe('bytes=100000-')
  expect(await readFile(partPath)).toEqual(content)
})

test('a part that is already whole is only verified', async () => {
  const { seen } = await serve((request, response) => serveFile(request, response, { content }))
  await get()
  expect((await get()).sha256).toBe(sha256)
  expect(seen[1]?.range).toBe(`bytes=${content.length}-`)
})

test('a file that changed between two runs is fetched from its beginning', async () => {
  const changed = randomBytes(200_000)
  const { seen } = await serve((request, response, attempt) =>
    serveFile(
      request,
      response,
      attempt === 1 ? { content, cutAfter: 100_000, arrivesAt: partPath } : { content: changed },
    ),
  )
  await failure({ limits: { attempts: 1 } })
  expect((await get()).sha256).toBe(sha256Of(changed))
  expect(await readFile(partPath)).toEqual(changed)
  expect(seen.map(request => request.range)).toEqual([undefined, 'bytes=100000-', undefined])
})

test('a server that ignores ranges sends the file once more from its beginning', async () => {
  await serve((_request, response, attempt) => {
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    if (attempt === 1) response.write(content.subarray(0, 50_000), () => setTimeout(() => response.destroy(), 20))
    else response.end(content)
  })
  expect((await get()).sha256).toBe(sha256)
})

test('the part of another file is not continued', async () => {
  const { seen } = await serve((request, response) => serveFile(request, response, { content }))
  await writeFile(partPath, 'something else')
  expect((await get()).sha256).toBe(sha256)
  expect(seen[0]?.range).toBeUndefined()
})

test('a part whose bytes were lost in a power cut is fetched again, once', async () => {
  const { seen } = await serve((request, response, attempt) =>
    serveFile(request, response, { content, ...(attempt === 1 && { cutAfter: 100_000, arrivesAt: partPath }) }),
  )
  await failure({ limits: { attempts: 1 } })
  await writeFile(partPath, Buffer.alloc(100_000))
  expect((await get({ expected: { sha256, sizeBytes: content.length } })).sha256).toBe(sha256)
  expect(seen).toHaveLength(3)
  expect(await readFile(partPath)).toEqual(content)
})

test('a file with the wrong checksum is deleted and refused', async () => {
  await serve((request, response) => serveFile(request, response, { content, etag: '"x"' }))
  const error = await failure({ expected: { sha256: '0'.repeat(64) } })
  expect(error.message).toContain(sha256)
  expect(existsSync(partPath)).toBe(false)
  expect(existsSync(`${partPath}.json`)).toBe(false)
})

test('the checksum that the hub announces counts where none is pinned', async () => {
  await serve((request, response) => {
    response.setHeader('x-linked-etag', `"${'0'.repeat(64)}"`)
    serveFile(request, response, { content })
  })
  expect((await failure()).message).toContain('checksum')
})

test('a file that the hub announces as another one is refused before its first byte', async () => {
  await serve((request, response) => {
    response.setHeader('x-linked-etag', etagOf(content))
    serveFile(request, response, { content })
  })
  expect((await failure({ expected: { sha256: '1'.repeat(64) } })).message).toContain('another file')
  expect(existsSync(partPath)).toBe(false)
})

test('a file of another length than the pinned one is refused before its first byte', async () => {
  await serve((request, response) => serveFile(request, response, { content }))
  const error = await failure({ expected: { sha256, sizeBytes: 5 } })
  expect(error.message).toContain('300000 bytes where 5 are right')
})

test('what does not fit is refused before its first byte', async () => {
  await serve((request, response) => serveFile(request, response, { content }))
  const admit: Admit = async file => {
    throw new ModelError('too-large', `${file.sizeBytes} and ${file.neededDiskBytes}`)
  }
  expect((await failure({ admit })).message).toBe('300000 and 300000')
  expect(existsSync(partPath)).toBe(false)
})

test.each([
  [401, 'unauthorized', 'HF_TOKEN'],
  [403, 'forbidden', 'licence'],
  [404, 'not-found', 'revision'],
] as const)('%d is told at once, with the fix', async (status, kind, hint) => {
  const { seen } = await serve((_request, response) => void response.writeHead(status).end('secret internals'))
  const error = await failure()
  expect(error.kind).toBe(kind)
  expect(error.message).toContain(hint)
  expect(error.message).not.toContain('secret')
  expect(seen).toHaveLength(1)
})

test.each([429, 503])('%d is tried again, a bounded number of times', async status => {
  const { seen } = await serve((_request, response) => void response.writeHead(status, { 'retry-after': '0' }).end())
  expect((await failure()).message).toContain(String(status))
  expect(seen).toHaveLength(limits.attempts)
})

test('a hub that recovers is not given up', async () => {
  await serve((request, response, attempt) => {
    if (attempt < 3) response.writeHead(503).end()
    else serveFile(request, response, { content })
  })
  expect((await get()).sha256).toBe(sha256)
})

test('a body that never ends is cut at the limit', async () => {
  await serve((_request, response) => {
    const chunk = Buffer.alloc(65_536)
    const more = () => {
      while (response.write(chunk));
    }
    response.on('drain', more)
    more()
  })
  expect((await failure({ limits: { maxBytes: 1_000_000 } })).message).toContain('more than the 1000000 bytes')
  expect(existsSync(partPath)).toBe(false)
})

test('a length beyond the limit is refused before its first byte', async () => {
  await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '99999999999' })
    response.write('x')
  })
  expect((await failure()).kind).toBe('too-large')
})

test('a body that stalls is continued after the idle time', async () => {
  const { seen } = await serve((request, response, attempt) => {
    if (attempt > 1) return serveFile(request, response, { content })
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, 1000))
  })
  expect((await get()).sha256).toBe(sha256)
  expect(seen[1]?.range).toBe('bytes=1000-')
})

test('a server that never answers is a timeout', async () => {
  await serve(() => {})
  expect((await failure({ limits: { attempts: 1 } })).kind).toBe('timeout')
})

test('a body shorter than its announced length is an attempt that failed', async () => {
  const { seen } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': content.length + 10, etag: '"x"' })
    response.end(content, () => response.destroy())
  })
  expect((await failure({ limits: { attempts: 2 } })).kind).toBe('unavailable')
  expect(seen.length).toBeGreaterThan(1)
})

test('a body longer than the hub says is refused', async () => {
  await serve((_request, response) => {
    response.writeHead(200, { 'x-linked-size': '1000', 'x-linked-etag': '"x"' })
    response.end(content)
  })
  expect((await failure()).message).toContain('more than the 1000 bytes')
})

test('a compressed body is refused', async () => {
  await serve(
    (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(content)),
  )
  expect((await failure()).message).toContain('compressed')
})

test('another part of the file than was asked for is refused', async () => {
  await serve((_request, response) => {
    response.writeHead(206, { 'content-range': `bytes 5-${content.length - 1}/${content.length}` })
    response.end(content.subarray(5))
  })
  expect((await failure()).message).toContain('another part')
})

test('an aborted download leaves its part for the next one', async () => {
  const controller = new AbortController()
  const { seen } = await serve((request, response, attempt) => {
    if (attempt > 1) return serveFile(request, response, { content })
    response.writeHead(200, { etag: etagOf(content), 'content-length': content.length })
    response.write(content.subarray(0, 120_000), () => setTimeout(() => controller.abort(), 50))
  })
  expect((await failure({ signal: controller.signal })).kind).toBe('aborted')
  expect((await readFile(partPath)).equals(content.subarray(0, 120_000))).toBe(true)
  expect((await get()).sha256).toBe(sha256)
  expect(seen[1]?.range).toBe('bytes=120000-')
})

test('progress tells phases, sizes and never goes back', async () => {
  await serve((request, response) => serveFile(request, response, { content }))
  const told: PullProgress[] = []
  await get({ report: progress => told.push(progress) })
  expect([...new Set(told.map(progress => progress.phase))]).toEqual(['resolving', 'downloading', 'verifying'])
  expect(told.at(-1)).toMatchObject({ receivedBytes: content.length, totalBytes: content.length })
})
