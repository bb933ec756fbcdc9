import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ModelError } from '../core/errors.ts'
import { fileName, refusal } from './refusal.ts'

/** An open model file. Its owner closes `file`. */
export interface OpenModelFile {
  readonly file: FileHandle
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** Opens a regular file for as long as `read` takes, and gives its failures in our words. */
export async function withModelFile<T>(path: string, read: (opened: OpenModelFile) => Promise<T>): Promise<T> {
  const opened = await openModelFile(path)
  try {
    return await read(opened)
  } catch (error) {
    throw explained(path, error)
  } finally {
    await opened.file.close()
  }
}

/** Opens a regular file, through symbolic links. Waits for nothing: pipes and devices are refused, not opened. */
export async function openModelFile(path: string): Promise<OpenModelFile> {
  if (path.includes('\0')) throw refusal(path, 'is no file name: it contains a zero byte')
  try {
    requireRegular(path, await stat(path))
    // Should a pipe take the file's place, opening it must not wait for a writer. Windows has neither.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    return await examined(path, file)
  } catch (error) {
    throw explained(path, error)
  }
}

async function examined(path: string, file: FileHandle): Promise<OpenModelFile> {
  try {
    const stats = await file.stat()
    requireRegular(path, stats)
    return { file, sizeBytes: stats.size, modifiedMs: stats.mtimeMs }
  } catch (error) {
    await file.close()
    throw error
  }
}

function requireRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return
  if (stats.isDirectory()) throw refusal(path, 'is a folder, not a model; name the .gguf file in it')
  throw refusal(path, 'is not a regular file but a pipe, socket or device; name a .gguf file')
}

const explanations: Readonly<Record<string, string>> = {
  EACCES: 'may not be read by the user that Duologue runs as; change its permissions',
  EPERM: 'may not be read by the user that Duologue runs as; change its permissions',
  ELOOP: 'is a symbolic link that leads back to itself; name the file it should lead to',
  ENAMETOOLONG: 'has a name that is too long for this file system; shorten it',
  EMFILE: 'cannot be opened because too many files are open; raise the limit of open files (ulimit -n)',
  ENFILE: 'cannot be opened because too many files are open on this machine; close some programs',
  EIO: 'cannot be read: the disk reports an error; check the disk',
}

/** Gives the failure of a file operation in our words. */
export function explained(path: string, error: unknown): unknown {
  if (error instanceof ModelError || !(error instanceof Error) || !('code' in error)) return error
  const code = String(error.code)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `${fileName(path)} does not exist; check the path, or pull the model again`
    return new ModelError('not-found', message, { code: 'model-not-found', cause: error })
  }
  return refusal(path, explanations[code] ?? `cannot be read (${code})`, error)
}
