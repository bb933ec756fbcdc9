import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { Environment } from '../config/environment.ts'

/** Gives the path of a program: what the name leads to, as a path or among the folders of `PATH`. */
export async function findProgram(name: string, environment: Environment): Promise<string | undefined> {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const places = /[/\\]/.test(name)
    ? [resolve(name)]
    : folders.flatMap(folder => endings.map(end => join(folder, name + end)))
  for (const place of places) if (await isProgram(place)) return place
  return undefined
}

const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
