// npm writes into package-lock.json only those platforms of a tool whose packages it could find at that hour, and then
// `npm ci` refuses the file on every machine. This adds the rest by name and version. Run it after each `npm install`
// that changes the lock file; a later `npm install` fills in the integrity hashes where the packages can be found.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  packages: Record<string, Locked>
}

const systems: Readonly<Record<string, string>> = { windows: 'win32' }
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32', 'loong64']
const libraries: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
}

const file = path.resolve(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock
const missing = Object.values(lock.packages).flatMap(missingPlatforms)
for (const [name, entry] of missing) lock.packages[`node_modules/${name}`] = entry
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([one], [other]) => one.localeCompare(other, 'en')),
)
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`)
process.stdout.write(`${missing.length} platform packages added to package-lock.json\n`)

function missingPlatforms({ dev, optionalDependencies = {} }: Locked): readonly (readonly [string, Locked])[] {
  return Object.entries(optionalDependencies)
    .filter(([name]) => !(`node_modules/${name}` in lock.packages))
    .map(([name, version]) => [name, { version, ...(dev && { dev }), optional: true, ...platformOf(name) }])
}

/** Reads `binding-linux-arm64-musl` as npm's own fields, so that no other platform tries to install it. */
function platformOf(name: string): object {
  const words = name
    .replace(/^.*\//, '')
    .replace(/^(binding|keyring|lefthook)-/, '')
    .split('-')
  const [system = '', processor = '', library = ''] = words
  if (!processors.includes(processor)) throw new Error(`${name} names no processor that this script knows`)
  const libc = libraries[library]
  const os = systems[system] ?? system
  return { cpu: [processor], ...(libc && os === 'linux' && { libc: [libc] }), os: [os] }
}
