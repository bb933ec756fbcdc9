import { ModelError } from '../core/errors.ts'
import { isLoopbackHost } from '../network/addresses.ts'
import type { HubFile } from './hub.ts'
import type { LocalFile, WebFile } from './model-source.ts'
import { nearestNames } from '../core/nearest-names.ts'
import type { CatalogueEntry } from './recommended.ts'
import { catalogue } from './recommended.ts'

/** What a person may ask to pull. */
export type ModelReference =
  | { readonly type: 'catalogue'; readonly entry: CatalogueEntry }
  | HubFile
  | WebFile
  | LocalFile

const hubPages: ReadonlySet<string> = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co'])
const repositoryPart = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/
const revisionForm = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/
const namesPath = /^(?:\.{1,2}[\\/]|[\\/]|[A-Za-z]:[\\/])|\.gguf$/i
const controlCharacter = /\p{Cc}/u
const splitFile = /-\d{5}-of-\d{5}\.gguf$/i

/** Reads what to pull. Throws `invalid-request`, or `not-found` for a name that the catalogue lacks. */
export function parseReference(text: string, entries: readonly CatalogueEntry[] = catalogue): ModelReference {
  const wanted = text.trim()
  if (wanted === '' || wanted.length > 2000 || controlCharacter.test(wanted)) {
    throw invalid(`"${text.slice(0, 60)}" names no model; ${forms}`)
  }
  if (wanted.startsWith('hf:')) return parseHubFile(wanted.slice(3))
  if (/^[a-z][a-z0-9+.-]+:/i.test(wanted)) return parseUrl(wanted)
  if (namesPath.test(wanted)) return { type: 'file', path: wanted }
  return { type: 'catalogue', entry: findEntry(wanted, entries) }
}

const forms = 'give a catalogue name, hf:owner/repository/file.gguf, an https:// address or the path of a .gguf file'

function parseHubFile(text: string): HubFile {
  const at = text.lastIndexOf('@')
  const path = at < 0 ? text : text.slice(0, at)
  const [owner = '', name = '', ...segments] = path.split('/')
  if (segments.length === 0) {
    throw invalid(`"hf:${text}" names no file; give hf:owner/repository/file.gguf, with @revision if it is not main`)
  }
  return checkedHubFile({ owner, name, segments, revision: at < 0 ? 'main' : text.slice(at + 1) })
}

interface HubPath {
  readonly owner: string
  readonly name: string
  readonly segments: readonly string[]
  readonly revision: string
}

function checkedHubFile({ owner, name, segments, revision }: HubPath): HubFile {
  const repository = `${owner}/${name}`
  if (![owner, name].every(part => repositoryPart.test(part) && !part.includes('..'))) {
    throw invalid(`"${repository}" is not a repository; give owner/name`)
  }
  if (!revisionForm.test(revision) || revision.includes('..')) {
    throw invalid(`"${revision}" is not a revision; give a branch, a tag or a commit`)
  }
  const file = segments.join('/')
  if (segments.some(isUnsafeSegment))
    throw invalid(`"${file}" is not a file of a repository; give its path from the root`)
  checkFileName(file)
  return { type: 'hub', repository, file, revision }
}

function isUnsafeSegment(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..' || /[\\/]/.test(segment)
}

function checkFileName(file: string): void {
  if (splitFile.test(file)) throw invalid(`"${file}" is one part of a split model; choose a model in one .gguf file`)
  if (!/\.gguf$/i.test(file)) throw invalid(`"${file}" is not a GGUF file; give the name of a .gguf file`)
}

function parseUrl(text: string): HubFile | WebFile {
  const url = URL.parse(text)
  if (url === null) throw invalid(`"${text}" is not an address; ${forms}`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname))) {
    throw invalid(
      `"${url.protocol}//" is not accepted as a source; use https://, or download the file and give its path`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'the address holds a user name or password; set HF_TOKEN for the hub, or download the file and give its path',
    )
  }
  if (hubPages.has(url.hostname)) return parseHubPage(url)
  checkFileName(pathSegments(url).at(-1) ?? '')
  url.hash = ''
  return { type: 'web', url: url.href }
}

/** Reads the address of a file's page on the hub, as people copy it from their browser. */
function parseHubPage(url: URL): HubFile {
  const [owner = '', name = '', kind = '', revision = '', ...segments] = pathSegments(url)
  if (!['resolve', 'blob', 'raw'].includes(kind) || segments.length === 0) {
    throw invalid(`"${url.href}" is not the page of a file; give hf:owner/repository/file.gguf`)
  }
  return checkedHubFile({ owner, name, segments, revision })
}

function pathSegments(url: URL): readonly string[] {
  try {
    return url.pathname.slice(1).split('/').map(decodeURIComponent)
  } catch {
    throw invalid(`"${url.href.slice(0, 200)}" holds a "%" that encodes nothing; write it as %25`)
  }
}

function findEntry(name: string, entries: readonly CatalogueEntry[]): CatalogueEntry {
  const entry = entries.find(entry => entry.name === name.toLowerCase())
  if (entry !== undefined) return entry
  const near = nearestNames(
    name,
    entries.map(entry => entry.name),
  )
  const hint = near.length > 0 ? `near it: ${near.join(', ')}` : forms
  throw new ModelError('not-found', `the catalogue has no "${name.slice(0, 60)}"; ${hint}`, { code: 'model-not-found' })
}

function invalid(message: string): ModelError {
  return new ModelError('invalid-request', message)
}
