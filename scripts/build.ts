import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const dist = path.join(root, 'dist')

compile()
sweep()
const bin = path.join(dist, 'main.js')
if (existsSync(bin)) chmodSync(bin, 0o755)

function compile(): void {
  const tsc = path.join(root, 'node_modules/typescript-7/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** Deletes what an earlier build wrote and this one would not: it would be packed and published. */
function sweep(): void {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile() && !belongs(path.relative(dist, file))) rmSync(file)
  }
}

function belongs(output: string): boolean {
  // The dashboard has a build of its own.
  if (output === '.tsbuildinfo' || output.startsWith(`web${path.sep}`)) return true
  return existsSync(path.join(root, 'src', output.replace(/\.js$/, '.ts')))
}
