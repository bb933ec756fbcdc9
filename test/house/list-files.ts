import { readdir } from 'node:fs/promises'
import path from 'node:path'

const passedOver: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache', 'fixtures'])

/** Lists the files under a folder whose names end so, sorted, without what is installed, built or recorded. */
export async function listFiles(folder: string, ending: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async entry => {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) return passedOver.has(entry.name) ? [] : listFiles(file, ending)
      return entry.name.endsWith(ending) ? [file] : []
    }),
  )
  return found.flat().toSorted()
}
