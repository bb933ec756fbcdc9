import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { formatFaults } from '../config/fault.ts'
import { readConfig } from '../config/open-config.ts'
import { routeLimits } from '../core/route-limits.ts'
import { findRuleFault } from './check-rules.ts'

/** What is said of a configuration file, without its path. */
async function faultsOf(text: string): Promise<string> {
  const { path, remove } = await temporaryFolder()
  onTestFinished(remove)
  const configFile = join(path, 'duologue.yaml')
  await writeFile(configFile, text)
  const reading = await readConfig({ flags: { configFile }, environment: {}, check: findRuleFault })
  return reading.type === 'faulty' ? formatFaults(reading.faults).replaceAll(`${configFile}:`, '') : ''
}

const notUsable = 'is no regular expression that can be used'

test.each([
  [
    'routes:\n  - {name: r, match: {model: "/(?=a)b/"}, targets: [local]}',
    `2:30: routes[0].match.model "/(?=a)b/" ${notUsable}`,
  ],
  [
    'routes: [{name: r, match: {model: "/x{1001}/"}, targets: [local]}]',
    `1:35: routes[0].match.model "/x{1001}/" ${notUsable}`,
  ],
  ['routes: [{name: r, match: {model: "/(/"}, targets: [local]}]', `1:35: routes[0].match.model "/(/" ${notUsable}`],
  ['aliases:\n  a: b\n  "/(a)\\\\1/": m', String.raw`3:3: aliases./(a)\1/ ${notUsable}`],
  ['aliases: {a: b, b: a}', '1:14: aliases.a "b" leads over too many aliases, or in a circle'],
])('what could not be followed of %j is said at its place in the file', async (text, said) => {
  expect(await faultsOf(text)).toContain(said)
})

test('what can be followed is not complained of, up to the most that a rule may have', async () => {
  const target = `{provider: local, retries: ${routeLimits.retries}}`
  const targets = Array.from({ length: routeLimits.targets }, () => target).join(',\n  ')
  expect(await faultsOf(`routes: [{name: r, match: {model: "/gpt-[45]/"}, targets: [${targets}]}]`)).toBe('')
  expect(await faultsOf(`routes: [{name: r, targets: [${targets}, local]}]`)).toContain('at most 32 are possible')
})
