import type { Environment } from './environment.ts'
import type { FileReading } from './file-reading.ts'
import { readBounded } from './read-bounded.ts'
import type { RulesCheck } from './rules.ts'

const mostBytes = 2 ** 20

/** Reads a configuration file. Whatever is at the path, this gives what it says, or what is wrong with it. */
export async function readConfigFile(path: string, environment: Environment, check?: RulesCheck): Promise<FileReading> {
  const read = await readBounded(path, mostBytes)
  if (read.type === 'read') {
    // Where there is no file, no command waits for what reads YAML to load.
    const { readText } = await import('./read-text.ts')
    return readText({ path, text: read.text, mode: read.mode }, environment, check)
  }
  const { code, why } = read
  const watched = { revision: why, files: [path] }
  if (code === 'ENOENT' || code === 'ENOTDIR') return { type: 'absent', ...watched }
  return { type: 'faulty', faults: [{ message: `the configuration file ${path} ${why}` }], ...watched }
}
