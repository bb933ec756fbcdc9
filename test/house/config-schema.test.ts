import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { expect, test } from 'vitest'

import { jsonSchema, schemaFile } from '../../src/config/json-schema.ts'
import { starterFile } from '../../src/config/starter-file.ts'

test('the published schema is that of the program; node scripts/config-schema.ts writes it', async () => {
  expect(path.relative('.', schemaFile)).toBe(path.join('docs', 'duologue.schema.json'))
  expect(JSON.parse(await readFile(schemaFile, 'utf8'))).toEqual(jsonSchema())
})

test('the schema allows a reference wherever a value is, and knows what text becomes of', () => {
  const { properties } = jsonSchema() as { properties: Record<string, { anyOf?: unknown[]; type?: unknown }> }
  const reference = { type: 'string', pattern: String.raw`\$\{|^file:` }
  expect(properties['port']?.anyOf).toEqual([{ type: 'integer', minimum: 0, maximum: 65_535 }, reference])
  expect(properties['keep-alive']?.type).toEqual(['string', 'number'])
  expect(properties['log-level']?.anyOf).toContainEqual(reference)
})

test('a new file tells editors where the schema is', () => {
  expect(starterFile().split('\n')[0]).toBe(`# yaml-language-server: $schema=${schemaFile}`)
})
