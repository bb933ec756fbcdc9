import { access, readFile } from 'node:fs/promises'
import path from 'node:path'

import { expect, test } from 'vitest'

import { listFiles } from './list-files.ts'

// Paths are relative to the root, where every test runs.
const documents = await listFiles('.', '.md')
const trace = 'docs/request-trace.md'

async function absent(files: Iterable<string>): Promise<readonly string[]> {
  const found = await Promise.all(
    [...new Set(files)].map(file =>
      access(file).then(
        () => [],
        () => [file],
      ),
    ),
  )
  return found.flat()
}

/** Where the relative links of a document lead, without those inside code. */
function targets(document: string, text: string): readonly string[] {
  const prose = text.replaceAll(/```.*?```/gs, '').replaceAll(/`[^`\n]*`/g, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const relative = links.filter(link => !/^([a-z]+:|#)/i.test(link))
  return relative.map(link => path.join(path.dirname(document), link.replace(/#.*$/, '')))
}

test('there are documents to check', () => {
  expect(documents).toContain('README.md')
  expect(documents).toContain(trace)
})

test.each(documents)('every link of %s leads somewhere', async document => {
  expect(await absent(targets(document, await readFile(document, 'utf8')))).toEqual([])
})

test.each(documents)('every heading that %s links to exists', async document => {
  const text = await readFile(document, 'utf8')
  const anchors = [...text.matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)].filter(([, file = '']) => !/^[a-z]+:/i.test(file))
  const broken = await Promise.all(
    anchors.map(async ([link, file = '', anchor = '']) => {
      const target = file === '' ? text : await readFile(path.join(path.dirname(document), file), 'utf8')
      return slugs(target).includes(anchor) ? [] : [link]
    }),
  )
  expect(broken.flat()).toEqual([])
})

function slugs(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map(heading =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('the programs in the README are the files in examples, which are type-checked', async () => {
  const shown = [...(await readFile('README.md', 'utf8')).matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code)
  const examples = await Promise.all((await listFiles('examples', '.ts')).map(file => readFile(file, 'utf8')))
  expect(shown.length).toBeGreaterThan(1)
  expect(new Set(shown)).toEqual(new Set(examples))
})

test('every file that the request trace names exists', async () => {
  const named = [...(await readFile(trace, 'utf8')).matchAll(/`(src\/[^`]+)`/g)].map(([, file = '']) => file)
  expect(named.length).toBeGreaterThan(10)
  expect(await absent(named)).toEqual([])
})

test('every decision has a number of its own, a status and a title', async () => {
  const decisions = documents.filter(file => /^docs\/adr\/(?!0000)\d{4}-[a-z0-9-]+\.md$/.test(file))
  const numbers = decisions.map(file => path.basename(file).slice(0, 4))
  expect(numbers).toEqual(numbers.map((_, index) => String(index + 1).padStart(4, '0')))
  const texts = await Promise.all(decisions.map(file => readFile(file, 'utf8')))
  expect(texts.filter(text => !/^# .+\n\nStatus: (proposed|accepted|superseded by \[)/.test(text))).toEqual([])
})
