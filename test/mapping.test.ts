import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { wireFields as anthropicMessages } from '../src/protocols/anthropic-messages/wire.ts'
import { wireFields as openaiChat } from '../src/protocols/openai-chat/wire.ts'
import { wireFields as openaiResponses } from '../src/protocols/openai-responses/wire.ts'

type Places = Readonly<Record<string, Readonly<Record<string, string>>>>

const protocols: readonly { readonly name: string; readonly fields: Places }[] = [
  { name: 'anthropic-messages', fields: anthropicMessages },
  { name: 'openai-chat', fields: openaiChat },
  { name: 'openai-responses', fields: openaiResponses },
]

const heading = /^### (?<group>\S+)$/
const row = /^\| `(?<field>[^`]+)` +\| `(?<place>[^`]+)` +\|/

/** Reads the tables of a mapping: under each heading, a field and the place where it goes. */
function placesIn(text: string): string[] {
  let group = ''
  const places: string[] = []
  for (const line of text.split('\n')) {
    group = heading.exec(line)?.groups?.['group'] ?? group
    const { field, place } = row.exec(line)?.groups ?? {}
    if (field !== undefined && place !== undefined) places.push(`${group}.${field}: ${place}`)
  }
  return places
}

test.each(protocols)(
  'the mapping of $name tells of every field of the wire, and of no other',
  async ({ name, fields }) => {
    const text = await readFile(new URL(`../docs/mapping/${name}.md`, import.meta.url), 'utf8')
    const places = Object.entries(fields).flatMap(([group, fields]) =>
      Object.entries(fields).map(([field, place]) => `${group}.${field}: ${place}`),
    )
    expect(placesIn(text).sort()).toEqual(places.sort())
  },
)
