import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { mayImport } from '../../.dependency-cruiser.mjs'
import { cruise, type Verdict } from './cruise.ts'

/** A line put into a file of its own in `folder`, and the rule that must catch it. */
type Plant = readonly [folder: string, imported: string, rule: string]

const forbidden: readonly Plant[] = [
  ['core', '../protocols/target.ts', 'core-imports-only-itself'],
  ['core', '../engine/target.ts', 'core-imports-only-itself'],
  ['core', 'node:fs', 'no-node-in-pure-folders'],
  ['core', 'zod', 'no-package-in-core'],
  ['gguf', '../engine/target.ts', 'gguf-imports-only-core'],
  ['gguf', '../catalog/target.ts', 'gguf-imports-only-core'],
  ['protocols', '../routing/target.ts', 'protocols-imports-only-core'],
  ['protocols', '../server/target.ts', 'protocols-imports-only-core'],
  ['protocols/planted-one', '../planted-two/index.ts', 'a-protocol-does-not-know-another'],
  ['protocols/planted-one', 'node:crypto', 'no-node-in-pure-folders'],
  ['protocols', './planted-two/index.ts', 'what-protocols-share-knows-none'],
  ['protocols', 'ipaddr.js', 'protocols-import-only-zod-and-eventsource-parser'],
  ['engine', '../protocols/target.ts', 'engine-imports-only-core-gguf'],
  ['engine', '../catalog/target.ts', 'engine-imports-only-core-gguf'],
  ['providers', '../engine/target.ts', 'providers-imports-only-core-protocols-network'],
  ['providers', '../routing/target.ts', 'providers-imports-only-core-protocols-network'],
  ['providers', '../protocols/planted-one/target.ts', 'a-protocol-is-its-index'],
  ['routing', '../engine/target.ts', 'routing-imports-only-core'],
  ['routing', '../providers/target.ts', 'routing-imports-only-core'],
  ['routing', '../app.ts', 'app-only-for-main'],
  ['config', '../store/target.ts', 'config-imports-only-core'],
  ['store', '../config/target.ts', 'store-imports-only-core'],
  ['telemetry', '../store/target.ts', 'telemetry-imports-only-core'],
  ['catalog', '../engine/target.ts', 'catalog-imports-only-core-gguf-network-config-store'],
  ['services', '../server/target.ts', 'services-imports-only-core-gguf-routing-catalog-config-store-telemetry'],
  ['services', '../engine/target.ts', 'services-imports-only-core-gguf-routing-catalog-config-store-telemetry'],
  ['services', '../providers/target.ts', 'services-imports-only-core-gguf-routing-catalog-config-store-telemetry'],
  ['server', '../engine/target.ts', 'server-imports-only-core-protocols-services-telemetry'],
  ['server', '../store/target.ts', 'server-imports-only-core-protocols-services-telemetry'],
  ['server', '../config/target.ts', 'server-imports-only-core-protocols-services-telemetry'],
  ['server', '../protocols/planted-one/target.ts', 'a-protocol-is-its-index'],
  ['cli', '../gguf/target.ts', 'cli-imports-only-core-services-config'],
  ['cli', '../server/target.ts', 'cli-imports-only-core-services-config'],
  ['cli', '../main.ts', 'main-for-nobody'],
  ['services', 'node-llama-cpp', 'node-llama-cpp-only-in-engine'],
  ['catalog', 'node:sqlite', 'sqlite-only-in-store'],
  ['services', 'kysely', 'kysely-only-in-store'],
  ['catalog', 'pg', 'pg-only-in-store'],
  ['services', '@napi-rs/keyring', '@napi-rs-only-in-store'],
  ['services', 'fastify', 'fastify-only-in-server'],
  ['services', '@fastify/static', '@fastify-only-in-server'],
  ['services', 'node:http', 'http-only-in-server'],
  ['server', 'undici', 'undici-only-in-catalog-providers'],
  ['engine', 'yauzl', 'yauzl-only-in-catalog'],
  ['server', 'yaml', 'yaml-only-in-config'],
  ['providers', 'eventsource-parser', 'eventsource-parser-only-in-protocols'],
  ['services', 'commander', 'commander-only-in-cli'],
  ['server', 'pino', 'pino-only-in-telemetry'],
  ['server', 'node:child_process', 'child_process-only-in-engine-providers-catalog-cli-store'],
  ['services', 'vitest', 'no-development-package'],
  ['services', '../../test/target.ts', 'no-development-code'],
  ['services', './no-such-file.ts', 'no-dangling-import'],
  ['utils', '../core/target.ts', 'no-import-by-unknown-folder'],
  ['services', '../utils/target.ts', 'no-unknown-folder'],
]

const allowed: readonly (readonly [folder: string, imported: string])[] = [
  ...Object.entries(mayImport).flatMap(([from, others]) => others.map(to => [from, `../${to}/target.ts`] as const)),
  ['protocols', 'zod'],
  ['protocols', 'eventsource-parser'],
  ['engine', 'node-llama-cpp'],
  ['engine', 'node:child_process'],
  ['providers', 'node:child_process'],
  ['store', 'node:sqlite'],
  ['store', 'kysely'],
  ['store', 'pg'],
  ['store', '@napi-rs/keyring'],
  ['store', 'node:child_process'],
  ['server', 'fastify'],
  ['server', '../protocols/planted-one/index.ts'],
  ['catalog', 'undici'],
  ['catalog', 'yauzl'],
  ['config', 'yaml'],
  ['cli', 'commander'],
  ['telemetry', 'pino'],
]

const typed: readonly Plant[] = [
  ['routing', '../engine/target.ts', 'routing-imports-only-core'],
  ['core', 'zod', 'no-package-in-core'],
]

let root: string
let verdict: Verdict
const fileOf = (folder: string, kind: string, index: number) => `src/${folder}/planted-${kind}-${index}.ts`

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'duologue-law-'))
  for (const name of ['src', '.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) {
    await cp(name, path.join(root, name), { recursive: true })
  }
  await symlink(path.resolve('node_modules'), path.join(root, 'node_modules'))
  const inFolders = [...Object.keys(mayImport), 'protocols/planted-one', 'utils'].map(name => `src/${name}/target.ts`)
  const targets = [
    ...inFolders,
    'src/protocols/planted-one/index.ts',
    'src/protocols/planted-two/index.ts',
    'test/target.ts',
  ]
  for (const file of targets) await write(file, 'export const target = 1\n')
  for (const file of ['src/app.ts', 'src/main.ts']) await write(file, 'export const top = 1\n')
  await write('src/core/planted-circle-a.ts', "import './planted-circle-b.ts'\n")
  await write('src/core/planted-circle-b.ts', "import './planted-circle-a.ts'\n")
  await plantAll()
  verdict = await cruise(root)
}, 120_000)

afterAll(() => rm(root, { recursive: true, force: true }))

async function plantAll(): Promise<void> {
  for (const [index, [folder, imported]] of forbidden.entries()) {
    await write(fileOf(folder, 'forbidden', index), `import '${imported}'\n`)
  }
  for (const [index, [folder, imported]] of allowed.entries()) {
    await write(fileOf(folder, 'allowed', index), `import '${imported}'\n`)
  }
  for (const [index, [folder, imported]] of typed.entries()) {
    await write(fileOf(folder, 'typed', index), `import type { x } from '${imported}'\nexport type Y = typeof x\n`)
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true })
  await writeFile(path.join(root, file), text)
}

async function sourcesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(path.join(folder, 'src'), { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
  return files.map(entry => path.relative(folder, path.join(entry.parentPath, entry.name))).toSorted()
}

const numbered = <Row extends readonly unknown[]>(rows: readonly Row[]) => rows.map((row, index) => ({ row, index }))

describe('a planted violation is caught', () => {
  test.each(numbered(forbidden))('$row.0 imports $row.1', ({ row: [folder, , rule], index }) => {
    expect(verdict.broken.get(fileOf(folder, 'forbidden', index))).toContain(rule)
  })

  test.each(numbered(typed))('$row.0 imports a type of $row.1', ({ row: [folder, , rule], index }) => {
    expect(verdict.broken.get(fileOf(folder, 'typed', index))).toContain(rule)
  })

  test('two files import each other', () => {
    expect(verdict.broken.get('src/core/planted-circle-a.ts')).toContain('no-circle')
  })
})

test.each(numbered(allowed))('$row.0 may import $row.1', ({ row: [folder], index }) => {
  expect(verdict.broken.get(fileOf(folder, 'allowed', index))).toBeUndefined()
})

test('every planted file is read', async () => {
  expect(verdict.files).toEqual(await sourcesUnder(root))
})

test('src keeps the law, and all of it is read', async () => {
  const { files, broken } = await cruise(path.resolve('.'))
  expect(Object.fromEntries(broken)).toEqual({})
  expect(files).toEqual(await sourcesUnder(path.resolve('.')))
  expect(files.length).toBeGreaterThan(0)
})
