import { existsSync, realpathSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { dirname } from 'node:path'

/** Tells of changes around files, until it is closed. */
export interface FolderWatch {
  /** Watches around these files instead. */
  follow(files: readonly string[]): void
  close(): void
}

export interface FolderWatchOptions {
  /** Something changed in a folder of theirs. */
  readonly onChange: () => void
  /** A folder cannot be watched. */
  readonly onBlind: (folder: string) => void
}

/**
 * Watches the folders of files rather than the files: an editor puts another file in the place of the one that was
 * there, and Kubernetes another folder behind a link. Where a file is a link, the folder that it leads to counts too.
 */
export function watchFolders({ onChange, onBlind }: FolderWatchOptions): FolderWatch {
  const watches = new Map<string, FSWatcher>()
  const forget = (folder: string): void => {
    watches.get(folder)?.close()
    watches.delete(folder)
  }
  const begin = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, onChange)
      // A folder that is gone is looked for again with the next reading.
      watcher.on('error', () => {
        forget(folder)
        onChange()
      })
      watches.set(folder, watcher)
    } catch {
      onBlind(folder)
    }
  }
  return {
    follow: files => {
      const wanted = new Set(files.flatMap(foldersOf))
      for (const folder of watches.keys()) if (!wanted.has(folder)) forget(folder)
      for (const folder of wanted) if (!watches.has(folder)) begin(folder)
    },
    close: () => [...watches.keys()].forEach(forget),
  }
}

function foldersOf(file: string): readonly string[] {
  const folders = [existing(dirname(file))]
  try {
    folders.push(dirname(realpathSync(file)))
  } catch {
    // It is not there yet.
  }
  return folders
}

/* The folder itself may be what is made first. */
function existing(folder: string): string {
  const above = dirname(folder)
  return existsSync(folder) || above === folder ? folder : existing(above)
}
