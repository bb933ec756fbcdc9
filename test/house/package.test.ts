import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const maxPackedBytes = 2 * 1024 * 1024

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

let folder: string
let tarball: string
let files: readonly string[]
let packed: Packed

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'duologue-pack-'))
  build()
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder])
  packed = onlyOne(JSON.parse(stdout))
  tarball = path.join(folder, packed.filename)
  files = packed.files.map(file => file.path)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function build(): void {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/build.ts'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the build fails:\n${stdout}`)
}

/** npm 11 prints a list of packages; later ones print an object by name. */
function onlyOne(report: unknown): Packed {
  const [first] = Object.values(report as Readonly<Record<string, Packed>>)
  if (!first) throw new Error('npm pack reports no package')
  return first
}

test('the package holds the program, the lock file of the engine, and what a reader needs', () => {
  const needed = ['dist/main.js', 'engine/package-lock.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md']
  expect(needed.filter(file => !files.includes(file))).toEqual([])
})

test('the command can be executed and names its interpreter', async () => {
  const main = packed.files.find(file => file.path === 'dist/main.js')
  expect((main?.mode ?? 0) & 0o111).toBe(0o111)
  expect((await readFile('dist/main.js', 'utf8')).split('\n')[0]).toBe('#!/usr/bin/env node')
})

test('nothing but the program goes out: no tests, no sources, no maps, no build notes', () => {
  const strange = /\.test\.|\.map$|\.tsbuildinfo$|(?<!\.d)\.ts$|\.d\.ts$|(^|\/)(src|test|bench|scripts|node_modules)\//
  expect(files.filter(file => strange.test(file))).toEqual([])
})

test('every module of the package has its source', async () => {
  const modules = files.filter(
    file => file.startsWith('dist/') && file.endsWith('.js') && !file.startsWith('dist/web/'),
  )
  const sources = modules.map(file => file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts'))
  await expect(Promise.all(sources.map(source => stat(source)))).resolves.toHaveLength(modules.length)
})

test('the package is small', async () => {
  expect((await stat(tarball)).size).toBeLessThan(maxPackedBytes)
})

test('publint finds nothing', async () => {
  const bytes = await readFile(tarball)
  const archive = new Uint8Array(bytes).buffer
  const { messages, pkg } = await publint({ pack: { tarball: archive }, strict: true })
  expect(messages.map(message => formatMessage(message, pkg, { color: false }))).toEqual([])
})
