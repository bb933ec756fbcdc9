import type { Fault } from './fault.ts'
import type { FileContent } from './parse-file.ts'

/** What became of reading a configuration file. */
export type FileReading = Watched &
  (
    | { readonly type: 'content'; readonly content: FileContent; readonly warnings: readonly Fault[] }
    | { readonly type: 'absent' }
    | { readonly type: 'faulty'; readonly faults: readonly Fault[] }
  )

interface Watched {
  /** Equal for two readings where nothing changed between them, neither the file nor what it refers to. */
  readonly revision: string
  /** The file and those that it refers to. */
  readonly files: readonly string[]
}
