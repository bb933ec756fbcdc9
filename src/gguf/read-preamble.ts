import type { GgufMetadata } from './gguf-file.ts'
import type { HeaderReader } from './header-reader.ts'
import { limits } from './limits.ts'
import { readMetadata } from './read-metadata.ts'
import { damaged, grouped, refusal } from './refusal.ts'

/** What every GGUF file begins with; its list of tensors follows. */
export interface Preamble {
  readonly version: number
  readonly tensorCount: number
  readonly metadata: GgufMetadata
}

/** Reads the beginning of a file, and refuses what is no GGUF file. */
export async function readPreamble(reader: HeaderReader): Promise<Preamble> {
  const version = await readVersion(reader)
  const tensorCount = await reader.count('the number of tensors', limits.tensors)
  const entries = await reader.count('the number of metadata entries', limits.metadataEntries)
  return { version, tensorCount, metadata: await readMetadata(reader, entries) }
}

async function readVersion(reader: HeaderReader): Promise<number> {
  const { path, sizeBytes } = reader
  if (sizeBytes === 0) throw refusal(path, 'is empty; download it again')
  if (sizeBytes < 24) throw refusal(path, `is no GGUF file: it has only ${sizeBytes} bytes; download it again`)
  const magic = (await reader.bytes(4)).toString('latin1')
  if (magic !== 'GGUF') throw refusal(path, `is no GGUF file${lookalikes[magic] ?? ''}; name a .gguf model`)
  const version = await reader.u32()
  if (version === 2 || version === 3) return version
  if ((version & 0xffff) === 0) throw refusal(path, 'is a big-endian GGUF file; download the little-endian one')
  if (version === 1) throw refusal(path, 'is a GGUF file of version 1, which is withdrawn; download a newer one')
  throw damaged(path, `its GGUF version is ${grouped(version)}, and 2 and 3 are known`)
}

/** What a file that is no GGUF probably is, by its first four bytes. */
const lookalikes: Readonly<Record<string, string>> = {
  vers: ' but probably a Git LFS pointer to one (use git lfs pull)',
  '<!DO': ' but a web page (the download probably needed a login)',
  '<htm': ' but a web page (the download probably needed a login)',
  'PK\u0003\u0004': ' but a zip archive or a PyTorch checkpoint',
  ggml: ' but a model in the withdrawn GGML format',
  ggjt: ' but a model in the withdrawn GGML format',
}
