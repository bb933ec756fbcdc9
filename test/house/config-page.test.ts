import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { formatFault } from '../../src/config/fault.ts'
import { readConfig } from '../../src/config/open-config.ts'
import { fileKeyOf } from '../../src/config/setting.ts'
import { settings } from '../../src/config/settings.ts'
import { starterFile } from '../../src/config/starter-file.ts'
import { liveSections, liveSettings } from '../../src/services/live-config.ts'
import { rowsUnder } from './page-table.ts'

const page = await readFile('docs/configuration.md', 'utf8')
const examples = examplesIn(page)
const elsewhere = await Promise.all(
  ['docs/providers.md', 'docs/routing.md'].map(async path => examplesIn(await readFile(path, 'utf8'))),
)
const environment = { ANTHROPIC_API_KEY: 'k', LAPTOP_KEY: 'l', HOME_KEY: 'h', TEAM_KEY: 't', DUOLOGUE_KEY: 'd' }

function examplesIn(text: string): readonly string[] {
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, example = '']) => example)
}

async function faultsOf(text: string): Promise<readonly string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-page-'))
  onTestFinished(async () => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'duologue.yaml')
  await writeFile(file, text)
  await writeFile(path.join(folder, 'laptop.key'), 'canary')
  const reading = await readConfig({ flags: { configFile: file }, environment })
  return reading.type === 'faulty' ? reading.faults.map(formatFault) : []
}

test('the page shows every section of the file', () => {
  const shown = examples.join('\n')
  const sections = ['models', 'providers', 'aliases', 'routes', 'keys']
  expect(sections.filter(name => !shown.includes(`\n${name}:`) && !shown.startsWith(`${name}:`))).toEqual([])
})

test('the page lists what takes force while the server runs, and nothing else', () => {
  const rows = rowsUnder(page, '### Changes while the server runs')
  const listed = rows.flatMap(([what = '']) => [...what.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name))
  const live = [...[...liveSettings].map(name => fileKeyOf(settings[name])), ...liveSections]
  expect(new Set(listed)).toEqual(new Set(live))
})

test.each([...examples, ...elsewhere.flat()])('the example is a configuration that can be used: %s', async text => {
  expect(await faultsOf(text)).toEqual([])
})

test('the file for beginners can be used as it is, and with all of it switched on', async () => {
  const text = starterFile()
  expect(await faultsOf(text)).toEqual([])
  const switchedOn = text
    .split('\n')
    .slice(1)
    .map(line => line.replace(/^# (?=[a-z-]+:|  )/, ''))
  expect(await faultsOf(switchedOn.join('\n'))).toEqual([])
  expect(switchedOn).toContain('port: 7272')
})
