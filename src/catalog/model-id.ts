import { ModelError } from '../core/errors.ts'
import type { ModelReference } from './source.ts'

const form = /^[a-z0-9][a-z0-9._-]{0,99}$/

/** Tells whether a text may name a model, and so a folder. */
export function isModelId(text: string): boolean {
  return form.test(text) && !text.endsWith('.')
}

/** Gives the name under which a model is kept: the one asked for, the catalogue's, or one made from the file's. */
export function modelIdFor(reference: ModelReference, wanted?: string): string {
  if (wanted !== undefined) return checked(wanted)
  return reference.type === 'catalogue' ? reference.entry.name : fromFileName(fileOf(reference))
}

function checked(wanted: string): string {
  if (isModelId(wanted)) return wanted
  const rule =
    'a name has up to 100 small letters, digits, dots, dashes and underscores, and begins with a letter or digit'
  throw new ModelError('invalid-request', `"${wanted.slice(0, 100)}" cannot name a model; ${rule}`)
}

function fileOf(reference: Exclude<ModelReference, { type: 'catalogue' }>): string {
  switch (reference.type) {
    case 'hub':
      return reference.file
    case 'web':
      return decodeURIComponent(new URL(reference.url).pathname.split('/').at(-1) ?? '')
    case 'file':
      return reference.path
  }
}

function fromFileName(path: string): string {
  const name = path.split(/[\\/]/).at(-1) ?? ''
  const id = name
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 100)
    .replace(/[.-]+$/, '')
  if (isModelId(id)) return id
  throw new ModelError('invalid-request', `no name can be made from "${name.slice(0, 100)}"; give one with --name`)
}
