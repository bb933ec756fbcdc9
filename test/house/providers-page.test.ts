import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { jsonSchema } from '../../src/config/json-schema.ts'
import { kinds } from '../../src/providers/registry.ts'
import { rowsUnder } from './page-table.ts'

const pages = ['docs/providers.md', 'docs/routing.md', 'docs/configuration.md', 'docs/cli.md']
const page = await readFile('docs/providers.md', 'utf8')

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

const schema = jsonSchema() as Node
const provider = schema.properties?.['providers']?.anyOf?.[0]?.additionalProperties

const firstCells = (heading: `#${string}`): readonly string[] => rowsUnder(page, heading).map(([cell = '']) => cell)

const names = (node: Node | undefined): readonly string[] =>
  Object.keys(node?.properties ?? {}).map(name => `\`${name}\``)

/** Every name that something in the file may have. */
function allNames(node: Node): readonly string[] {
  const own = Object.entries(node.properties ?? {})
  const below = [...own.map(([, inner]) => inner), ...(node.anyOf ?? []), node.additionalProperties, node.items]
  return [
    ...own.map(([name]) => name),
    ...below.filter(inner => typeof inner === 'object').flatMap(inner => allNames(inner)),
  ]
}

test('the page lists every setting of a provider, by the name that it has in the file', () => {
  expect(firstCells('# Providers').toSorted()).toEqual(names(provider).toSorted())
})

test('the page lists every setting of a command and every limit by its name in the file', () => {
  expect(firstCells('## Engines that Duologue starts')).toEqual(names(provider?.properties?.['command']))
  expect(firstCells('## How long is waited')).toEqual(names(provider?.properties?.['timeouts']))
})

test('the page lists every kind', () => {
  expect(firstCells('## Kinds').toSorted()).toEqual(kinds.map(({ id }) => `\`${id}\``).toSorted())
})

test.each(pages)('%s writes settings as the file has them', async path => {
  const text = (await readFile(path, 'utf8')).replaceAll(/```.*?```/gs, '')
  const words = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const known = new Set(allNames(schema))
  // A setting with its value, and a name as only the program has it.
  const set = words.flatMap(word => /^([A-Za-z-]+): \S+$/.exec(word)?.[1] ?? [])
  const inner = words.filter(word => /^(is|has|allows)[A-Z]|^[a-z]+([A-Z][a-z]+)*Ms\b/.test(word))
  expect([...set.filter(name => !known.has(name) && !name.startsWith('x-')), ...inner]).toEqual([])
})
