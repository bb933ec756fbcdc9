import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { narrowLock, readEngineLock } from './engine-lock.ts'
import type { EngineBuild } from './engine-packages.ts'
import { engineVersion, packagesFor } from './engine-packages.ts'

const machines: readonly (readonly [platform: string, arch: string, builds: readonly EngineBuild[]])[] = [
  ['linux', 'x64', ['cpu', 'cuda', 'vulkan']],
  ['linux', 'arm64', ['cpu']],
  ['linux', 'arm', ['cpu']],
  ['linux', 'riscv64', ['cpu']],
  ['darwin', 'arm64', ['cpu', 'metal']],
  ['darwin', 'x64', ['cpu']],
  ['win32', 'x64', ['cpu', 'cuda', 'vulkan']],
  ['win32', 'arm64', ['cpu']],
]

test('the lock that ships names no registry and no other place', async () => {
  const text = await readFile(new URL('../../engine/package-lock.json', import.meta.url), 'utf8')
  expect(text.split('\n').filter(line => /"resolved"|:\/\//.test(line))).toEqual([])
})

test('all that every machine installs is locked by its hash', async () => {
  const { packages } = await readEngineLock()
  const required = Object.entries(packages).filter(([path, entry]) => path !== '' && entry.optional !== true)
  expect(required.length).toBeGreaterThan(50)
  for (const [, { integrity }] of required) expect(integrity).toMatch(/^sha512-/)
})

test('the binaries of Linux are locked by their hashes', async () => {
  const { packages } = await readEngineLock()
  const names = ['linux-x64', 'linux-x64-cuda', 'linux-x64-cuda-ext', 'linux-x64-vulkan', 'linux-arm64', 'linux-armv7l']
  for (const name of names) expect(packages[`node_modules/@node-llama-cpp/${name}`]?.integrity).toMatch(/^sha512-/)
})

test.each(machines)('on %s-%s each build is narrowed to its own packages', async (platform, arch, builds) => {
  const lock = await readEngineLock()
  for (const build of builds) {
    const names = packagesFor({ platform, arch }, build)
    const { packages } = narrowLock(lock, names).lock
    const platforms = Object.keys(packages).filter(path => path.startsWith('node_modules/@node-llama-cpp/'))
    expect(platforms.toSorted()).toEqual(names.map(name => `node_modules/@node-llama-cpp/${name}`).toSorted())
    for (const [path, { optional, optionalDependencies }] of Object.entries(packages)) {
      expect([path, optional, optionalDependencies]).toEqual([path, undefined, undefined])
    }
    for (const path of [...platforms, 'node_modules/node-llama-cpp'])
      expect(packages[path]?.version).toBe(engineVersion)
  }
})

test('a platform package that the lock lacks is our own failure', async () => {
  const lock = await readEngineLock()
  expect(() => narrowLock(lock, ['solaris-x64'])).toThrow('lacks @node-llama-cpp/solaris-x64')
})
