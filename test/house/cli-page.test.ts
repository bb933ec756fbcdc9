import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import type { Command } from 'commander'

import { createProgram } from '../../src/cli/program.ts'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { fileKeyOf } from '../../src/config/setting.ts'
import type { Setting } from '../../src/config/setting.ts'
import { settings, type SettingName } from '../../src/config/settings.ts'
import { commandContext } from '../support/command-context.ts'
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

interface Listed {
  readonly name: string
  readonly verbs: readonly string[]
  readonly aliases: readonly string[]
}

/** The command of a row, and the words for what it can be told to do. */
function readRow([usage = '', about = '']: readonly string[]): Listed {
  const [, name = '', verb] = /^`duologue ([a-z-]+)(?: ([a-z-]+))?/.exec(usage) ?? []
  const listed = about.split(': ').at(-1) ?? ''
  const isGroup = usage.includes('<what>')
  return {
    name,
    verbs: isGroup ? wordsIn(listed) : [verb ?? []].flat(),
    aliases: wordsIn(about.split('also ')[1] ?? ''),
  }
}

function wordsIn(text: string): readonly string[] {
  return [...text.matchAll(/`([a-z-]+)`/g)].map(([, word = '']) => word)
}

const { commands: known } = createProgram(commandContext({}).context)

test('the page lists every command, what it can be told to do, and its other name', () => {
  const expected = known.map(command => ({
    name: command.name(),
    verbs: command.commands.map(verb => verb.name()),
    aliases: command.aliases(),
  }))
  expect(sorted(rowsUnder(commands, '# The command line').map(readRow))).toEqual(sorted(expected))
})

/* The page puts first what people look for first. */
function sorted(all: readonly Listed[]): readonly Listed[] {
  return all
    .map(each => ({ ...each, verbs: each.verbs.toSorted() }))
    .toSorted((one, other) => one.name.localeCompare(other.name))
}

test('all but serve and config edit write JSON, as the page says', () => {
  const leaves = (command: Command, path = ''): readonly (readonly [string, Command])[] => {
    const name = `${path} ${command.name()}`.trim()
    return command.commands.length === 0 ? [[name, command]] : command.commands.flatMap(below => leaves(below, name))
  }
  const without = known
    .flatMap(command => leaves(command))
    .filter(([, command]) => !command.options.some(({ long }) => long === '--json'))
  expect(without.map(([name]) => name)).toEqual(['serve', 'config edit'])
})

test('the page lists every exit code', () => {
  expect(rowsUnder(commands, '## Exit codes').map(([number]) => Number(number))).toEqual(Object.values(exitCodes))
})
