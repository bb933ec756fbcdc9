import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { exitCodes } from '../../src/cli/exit-codes.ts'
import { fileKeyOf, settings, type SettingName } from '../../src/config/settings.ts'
import type { Setting } from '../../src/config/settings.ts'
import { rowsUnder } from './page-table.ts'

const commands = await readFile('docs/cli.md', 'utf8')
const configuration = await readFile('docs/configuration.md', 'utf8')

/** An absent value and an empty list are both an empty cell. */
function code(value: unknown): string {
  const text = [value].flat().join(' ')
  return text === '' ? '' : `\`${text}\``
}

test('the page lists every setting as the program has it', () => {
  const all: Readonly<Record<SettingName, Setting>> = settings
  const expected = Object.values(all).map(setting => [
    code(setting.flag),
    code(setting.variable),
    code(fileKeyOf(setting)),
    code(setting.fallback),
    setting.about,
  ])
  expect(rowsUnder(configuration, '## Settings')).toEqual(expected)
})

test('the page lists every exit code', () => {
  expect(rowsUnder(commands, '## Exit codes').map(([number]) => Number(number))).toEqual(Object.values(exitCodes))
})
