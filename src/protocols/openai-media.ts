import type { MediaSource } from '../core/content.ts'
import { parseDataUrl } from './data-url.ts'
import type { Field } from './json.ts'

/* How the OpenAI protocols let a client show what is not text. Nothing is fetched. */

const maxUrlLength = 64 * 1024

/** Reads the address of an image, which may hold the image itself. */
export function decodeImageUrl(field: Field): MediaSource {
  const data = parseDataUrl(field.string())
  if (!data) return { type: 'url', url: decodeAddress(field, '"https://", "http://" or "data:image/…;base64,"') }
  if (!data.mediaType.startsWith('image/')) field.fail('must hold an image, such as "data:image/png;base64,…"')
  return { type: 'base64', ...data }
}

/** Reads an address on the web. `forms` says how it may begin. */
export function decodeAddress(field: Field, forms = '"https://" or "http://"'): string {
  const url = field.string()
  if (!/^https?:\/\/./i.test(url)) field.fail(`must begin with ${forms}`)
  if (url.length > maxUrlLength) field.fail(`must have at most ${maxUrlLength} characters`)
  return url
}

/** Reads the bytes of a file. */
export function decodeFileData(field: Field): MediaSource {
  const data = parseDataUrl(field.string())
  return data ? { type: 'base64', ...data } : field.fail('must be a data URL, such as "data:application/pdf;base64,…"')
}
