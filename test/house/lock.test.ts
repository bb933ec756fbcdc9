import { readFile } from 'node:fs/promises'

import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

const packed = z.object({
  resolved: z.string().optional(),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
})
const manifest = z.object({
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
})
const lock = z.object({ packages: z.record(z.string(), packed) })

let packages: z.infer<typeof lock>['packages']

beforeAll(async () => {
  packages = lock.parse(JSON.parse(await readFile('package-lock.json', 'utf8'))).packages
})

test('the lock file names every platform of every tool, or npm ci would refuse it', () => {
  const platforms = Object.values(packages).flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies))
  expect(platforms.length).toBeGreaterThan(0)
  expect(platforms.filter(name => !(`node_modules/${name}` in packages))).toEqual([])
})

test('the lock file names no registry', () => {
  expect(Object.entries(packages).filter(([, { resolved }]) => resolved?.includes('://'))).toEqual([])
})

test('every version is pinned exactly', async () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest.parse(
    JSON.parse(await readFile('package.json', 'utf8')),
  )
  const versions = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies })
  expect(versions.filter(([, version]) => !/^(npm:[@a-z/-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([])
})
