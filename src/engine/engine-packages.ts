import { ModelError } from '../core/errors.ts'

/** The one version of node-llama-cpp that the engine is written and tested for. */
export const engineVersion = '3.22.1'

/** What the engine computes with. */
export type EngineBuild = 'cpu' | 'cuda' | 'vulkan' | 'metal'

/** The machine that an engine is for, in Node's words: `process.platform` and `process.arch`. */
export interface Machine {
  readonly platform: string
  readonly arch: string
}

// The package that a machine cannot do without comes first; builds for graphics cards need the processor's beside them
// to fall back on.
const packages: Readonly<Record<string, Readonly<Partial<Record<EngineBuild, readonly string[]>>>>> = {
  'linux-x64': {
    cpu: ['linux-x64'],
    cuda: ['linux-x64-cuda', 'linux-x64-cuda-ext', 'linux-x64'],
    vulkan: ['linux-x64-vulkan', 'linux-x64'],
  },
  'linux-arm64': { cpu: ['linux-arm64'] },
  'linux-arm': { cpu: ['linux-armv7l'] },
  'linux-riscv64': { cpu: ['linux-riscv64'] },
  'darwin-arm64': { cpu: ['mac-arm64-metal'], metal: ['mac-arm64-metal'] },
  'darwin-x64': { cpu: ['mac-x64'] },
  'win32-x64': {
    cpu: ['win-x64'],
    cuda: ['win-x64-cuda', 'win-x64-cuda-ext', 'win-x64'],
    vulkan: ['win-x64-vulkan', 'win-x64'],
  },
  'win32-arm64': { cpu: ['win-arm64'] },
}

/** Gives the platform packages that a build needs, the telling one first. Throws where the machine has none. */
export function packagesFor({ platform, arch }: Machine, build: EngineBuild): readonly [string, ...string[]] {
  const builds = packages[`${platform}-${arch}`]
  if (!builds) {
    const known = Object.keys(packages).join(', ')
    throw new ModelError('unavailable', `there is no engine for ${platform}-${arch}; there are engines for ${known}`)
  }
  const [first, ...others] = builds[build] ?? []
  if (first !== undefined) return [first, ...others]
  const possible = Object.keys(builds).join(' or ')
  throw new ModelError('unavailable', `the engine has no ${build} build for ${platform}-${arch}; choose ${possible}`)
}

/**
 * Chooses the build that a machine is sure to run: Metal on Apple silicon, CUDA where NVIDIA's driver is loaded,
 * and the processor's otherwise. `exists` tells whether there is a file.
 */
export function chooseBuild({ platform, arch }: Machine, exists: (path: string) => boolean): EngineBuild {
  const builds = packages[`${platform}-${arch}`]
  if (builds?.metal) return 'metal'
  const drivers = ['/proc/driver/nvidia/version', String.raw`C:\Windows\System32\nvml.dll`]
  const driver = drivers[platform === 'win32' ? 1 : 0]
  return builds?.cuda && driver !== undefined && exists(driver) ? 'cuda' : 'cpu'
}
