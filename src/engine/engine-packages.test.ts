import { expect, test } from 'vitest'
import { chooseBuild, packagesFor } from './engine-packages.ts'

const linux = { platform: 'linux', arch: 'x64' }
const nothing = () => false

test('a processor build is one package', () => {
  expect(packagesFor(linux, 'cpu')).toEqual(['linux-x64'])
  expect(packagesFor({ platform: 'win32', arch: 'arm64' }, 'cpu')).toEqual(['win-arm64'])
})

test('a build for a graphics card has the processor’s beside it, and CUDA its libraries', () => {
  expect(packagesFor(linux, 'cuda')).toEqual(['linux-x64-cuda', 'linux-x64-cuda-ext', 'linux-x64'])
  expect(packagesFor({ platform: 'win32', arch: 'x64' }, 'vulkan')).toEqual(['win-x64-vulkan', 'win-x64'])
})

test('a build that a machine cannot run is refused with those that it can', () => {
  expect(() => packagesFor(linux, 'metal')).toThrow('no metal build for linux-x64; choose cpu or cuda or vulkan')
  expect(() => packagesFor({ platform: 'aix', arch: 'ppc64' }, 'cpu')).toThrow('there is no engine for aix-ppc64')
})

test('Apple silicon computes with Metal', () => {
  expect(chooseBuild({ platform: 'darwin', arch: 'arm64' }, nothing)).toBe('metal')
  expect(chooseBuild({ platform: 'darwin', arch: 'x64' }, nothing)).toBe('cpu')
})

test('CUDA is chosen only where NVIDIA’s driver is, and there is a build for it', () => {
  expect(chooseBuild(linux, nothing)).toBe('cpu')
  expect(chooseBuild(linux, path => path === '/proc/driver/nvidia/version')).toBe('cuda')
  expect(chooseBuild({ platform: 'win32', arch: 'x64' }, path => path.endsWith('nvml.dll'))).toBe('cuda')
  expect(chooseBuild({ platform: 'linux', arch: 'arm64' }, () => true)).toBe('cpu')
})

test('Vulkan is never chosen unasked', () => {
  expect(chooseBuild(linux, path => path.includes('vulkan'))).toBe('cpu')
})
