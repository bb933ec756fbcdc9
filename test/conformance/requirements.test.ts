import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { anthropicRequirements } from './requirements/anthropic.ts'
import { knownShortfalls } from './requirements/known-shortfalls.ts'
import { openaiRequirements } from './requirements/openai.ts'
import { responsesRequirements } from './requirements/responses.ts'
import { sharedRequirements } from './requirements/shared.ts'

const requirements = [...anthropicRequirements, ...openaiRequirements, ...responsesRequirements, ...sharedRequirements]

interface Titled {
  readonly file: string
  readonly title: string
}

const titles: readonly Titled[] = await findTitles()

describe('the manifest of requirements', () => {
  test('no two requirements have one id', () => {
    const ids = requirements.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  test('every requirement says who asks for what', () => {
    const empty = requirements.filter(({ source, behaviour, provenBy }) => !source || !behaviour || !provenBy.length)
    expect(empty).toEqual([])
  })

  test('every requirement is proven by tests that exist', () => {
    const existing = new Set(titles.map(({ title }) => title))
    const claimed = requirements.flatMap(({ id, provenBy }) => provenBy.map(title => `[${id}] ${title}`))
    expect(claimed.filter(title => !existing.has(title))).toEqual([])
  })

  test('every test proves a requirement', () => {
    const claimed = new Set(requirements.flatMap(({ id, provenBy }) => provenBy.map(title => `[${id}] ${title}`)))
    expect(titles.filter(({ title }) => !claimed.has(title))).toEqual([])
  })

  test('what is known to be missing is said once, with what happens instead', () => {
    expect(new Set(knownShortfalls.map(({ what }) => what)).size).toBe(knownShortfalls.length)
    expect(knownShortfalls.filter(({ instead }) => instead === '')).toEqual([])
  })
})

/** Reads the titles of the tests beside this file, as they are written. */
async function findTitles(): Promise<readonly Titled[]> {
  const folder = import.meta.dirname
  const names = (await readdir(folder)).filter(name => name.endsWith('.test.ts') && name !== 'requirements.test.ts')
  const found: Titled[] = []
  for (const name of names) {
    const source = ts.createSourceFile(name, await readFile(join(folder, name), 'utf8'), ts.ScriptTarget.Latest)
    const visit = (node: ts.Node): void => {
      const title = titleOf(node, source)
      if (title !== undefined) found.push({ file: name, title })
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

/** The title of `test('title', …)`, or of `test.each(…)('title', …)`. */
function titleOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (!ts.isCallExpression(node)) return undefined
  const called = node.expression.getText(source)
  if (called !== 'test' && !(called.startsWith('test.each') && ts.isCallExpression(node.expression))) return undefined
  const [title] = node.arguments
  return title && ts.isStringLiteralLike(title)
    ? title.text
    : `a test without a plain title: ${node.getText(source).slice(0, 60)}`
}
