import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ModelError } from '../core/errors.ts'
import type { EngineDependencies } from './set-up-engine.ts'

/** Gives the last lines that an engine wrote. Throws `not-found` where it never wrote any. */
export async function readEngineLog(
  { id, lines }: { readonly id: string; readonly lines: number },
  { folder }: Pick<EngineDependencies, 'folder'>,
): Promise<readonly string[]> {
  const path = join(folder, `${id}.log`)
  const texts = isId.test(id) ? await Promise.all([`${path}.old`, path].map(read)) : []
  const written = texts
    .join('')
    .split('\n')
    .filter(line => line !== '')
  if (written.length > 0) return written.slice(-lines)
  throw new ModelError(
    'not-found',
    `nothing is kept of an engine "${id.slice(0, 100)}": it never ran, or there is none; duologue engine list shows them`,
  )
}

const isId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
