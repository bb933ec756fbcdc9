import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { ModelError } from '../core/errors.ts'
import { HttpError } from './http-error.ts'

type Unpack = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const unpackers: ReadonlyMap<string, Unpack> = new Map([
  ['gzip', promisify(gunzip) as Unpack],
  ['x-gzip', promisify(gunzip) as Unpack],
  ['deflate', promisify(inflate) as Unpack],
  ['br', promisify(brotliDecompress) as Unpack],
  ['zstd', promisify(zstdDecompress) as Unpack],
])

/**
 * Undoes the `content-encoding` of a body. One that unpacks to more than `maxBytes` is refused while it does;
 * several encodings on top of each other are refused too.
 */
export async function unpackBody(bytes: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return bytes
  const unpack = unpackers.get(name)
  if (!unpack) {
    throw new HttpError(415, 'header content-encoding: use one of gzip, deflate, br, zstd, or none', {
      code: 'unsupported-encoding',
    })
  }
  try {
    return await unpack(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    if (isTooLarge(error)) throw bodyTooLarge(maxBytes)
    throw new ModelError('invalid-request', `the request body is not valid ${name}; send it whole, or unpacked`, {
      code: 'unsupported-encoding',
      cause: error,
    })
  }
}

/** The failure of a body that is larger than the server takes. */
export function bodyTooLarge(maxBytes: number): ModelError {
  const mebibytes = Math.floor((maxBytes / 1024 / 1024) * 100) / 100
  return new ModelError('too-large', `the request body is larger than ${mebibytes} MiB; send less at a time`)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
