import { readdir, readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'
import { z } from 'zod'

import { mayImport } from '../../.dependency-cruiser.mjs'

const commits = z.object({ rules: z.object({ 'scope-enum': z.tuple([z.number(), z.string(), z.array(z.string())]) }) })

async function foldersOf(parent: string): Promise<readonly string[]> {
  const entries = await readdir(parent, { withFileTypes: true })
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
}

test('the table of docs/architecture.md says what the import law says', async () => {
  const page = await readFile('docs/architecture.md', 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z]+)` +\|[^|]+\|([^|]*)\|$/gm)]
  const drawn = rows.map(([, folder = '', others = '']) => {
    const named = [...others.matchAll(/`([a-z]+)`/g)].map(([, name = '']) => name)
    return [folder, new Set(named.filter(name => name in mayImport))] as const
  })
  const law = Object.entries(mayImport).map(
    ([folder, others]) => [folder, new Set(others.filter(name => name !== 'core'))] as const,
  )
  expect(Object.fromEntries(drawn)).toEqual(Object.fromEntries(law))
})

test('every folder of src has its line in the import law', async () => {
  expect((await foldersOf('src')).filter(folder => !(folder in mayImport))).toEqual([])
})

test('every folder of src, and every protocol, is a scope of commits', async () => {
  const { rules } = commits.parse(JSON.parse(await readFile('.commitlintrc.json', 'utf8')))
  const [, , scopes] = rules['scope-enum']
  const folders = [...(await foldersOf('src')), ...(await foldersOf('src/protocols'))]
  expect(folders.filter(folder => !scopes.includes(folder))).toEqual([])
})
