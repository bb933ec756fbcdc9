import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

const report = z.object({ diagnostics: z.array(z.object({ filename: z.string(), code: z.string() })) })

/** A line that only some folders may hold, and the rule that must catch it elsewhere. */
const restricted = [
  { line: "export const key = process.env['KEY']", rule: 'no-process-env', denied: 'services', allowed: 'config' },
  { line: "console.log('here')", rule: 'no-console', denied: 'services', allowed: 'cli' },
  { line: "export const reply = fetch('http://127.0.0.1')", rule: 'no-restricted-globals', denied: 'catalog' },
  { line: 'export default 1', rule: 'no-default-export', denied: 'services' },
  { line: 'export const now = Date.now()', rule: 'no-restricted-properties', denied: 'core', allowed: 'server' },
  { line: 'export const now = Date.now()', rule: 'no-restricted-properties', denied: 'protocols', allowed: 'server' },
  { line: 'export const now = Date.now()', rule: 'no-restricted-properties', denied: 'routing', allowed: 'server' },
  { line: 'export const now = performance.now()', rule: 'no-restricted-globals', denied: 'routing', allowed: 'server' },
  { line: 'export const id = crypto.randomUUID()', rule: 'no-restricted-globals', denied: 'core', allowed: 'server' },
  { line: 'export const chance = Math.random()', rule: 'no-restricted-properties', denied: 'protocols' },
  {
    line: "import { randomUUID } from 'node:crypto'\n\nexport const id = randomUUID()",
    rule: 'no-restricted-imports',
    denied: 'routing',
    allowed: 'server',
  },
] as const

let root: string
let found: z.infer<typeof report>['diagnostics']

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'duologue-lint-'))
  await cp('.oxlintrc.json', path.join(root, '.oxlintrc.json'))
  await symlink(path.resolve('node_modules'), path.join(root, 'node_modules'))
  for (const [index, { line, denied, ...rest }] of restricted.entries()) {
    await plant(denied, index, line)
    if ('allowed' in rest) await plant(rest.allowed, index, line)
  }
  const { stdout } = spawnSync(path.resolve('node_modules/.bin/oxlint'), ['--format', 'json', 'src'], {
    cwd: root,
    encoding: 'utf8',
  })
  found = report.parse(JSON.parse(stdout)).diagnostics
})

afterAll(() => rm(root, { recursive: true, force: true }))

async function plant(folder: string, index: number, line: string): Promise<void> {
  await mkdir(path.join(root, 'src', folder), { recursive: true })
  await writeFile(path.join(root, fileOf(folder, index)), `${line}\n`)
}

function fileOf(folder: string, index: number): string {
  return path.join('src', folder, `planted-${index}.ts`)
}

function rulesBrokenBy(file: string): readonly string[] {
  return found.filter(({ filename }) => filename === file).map(({ code }) => code.replace(/^.*\((.*)\)$/, '$1'))
}

test.each(restricted.map((row, index) => ({ ...row, index })))('$denied may not hold: $line', row => {
  expect(rulesBrokenBy(fileOf(row.denied, row.index))).toContain(row.rule)
})

test.each(restricted.flatMap((row, index) => ('allowed' in row ? [{ ...row, index }] : [])))(
  '$allowed may hold: $line',
  ({ allowed, index }) => {
    expect(rulesBrokenBy(fileOf(allowed, index))).toEqual([])
  },
)
