import type { GgufArray, GgufFile, GgufMetadata } from './gguf-file.ts'
import { HeaderReader } from './header-reader.ts'
import { limits } from './limits.ts'
import { MetadataValues } from './metadata-values.ts'
import { readShape } from './model-shape.ts'
import { readTokenizer, requireFittingTensors } from './model-tokenizer.ts'
import type { OpenModelFile } from './open-model-file.ts'
import { explained, openModelFile } from './open-model-file.ts'
import { readMetadata } from './read-metadata.ts'
import { readTensors } from './read-tensors.ts'
import { damaged, grouped, refusal } from './refusal.ts'
import { fileTypes } from './tensor-types.ts'

/**
 * Reads the header of a model file and checks all that native code would trust. The weights are not read.
 * Throws a `ModelError` that names the file, what is wrong with it and what to do.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  return withOpenFile(path, async opened => readHeader(path, opened))
}

/** Reads a list of texts that `readGguf` passed over, such as `tokenizer.ggml.tokens`. */
export async function readGgufTexts(file: GgufFile, key: string): Promise<readonly string[]> {
  const list = new MetadataValues(file.path, file.metadata).list(key, ['string'])
  if (!list) return []
  return withOpenFile(file.path, async opened => {
    if (opened.sizeBytes !== file.sizeBytes || opened.modifiedMs !== file.modifiedMs) {
      throw refusal(file.path, 'was changed since it was read; load it again')
    }
    return readTexts(new HeaderReader(opened.file, { ...opened, path: file.path, offset: list.offset }), list)
  })
}

async function withOpenFile<T>(path: string, read: (opened: OpenModelFile) => Promise<T>): Promise<T> {
  const opened = await openModelFile(path)
  try {
    return await read(opened)
  } catch (error) {
    throw explained(path, error)
  } finally {
    await opened.file.close()
  }
}

async function readTexts(reader: HeaderReader, { length }: GgufArray): Promise<readonly string[]> {
  const texts: string[] = []
  await reader.skipTexts(length, bytes => texts.push(bytes.toString('utf8')))
  return texts
}

async function readHeader(path: string, { file, sizeBytes, modifiedMs }: OpenModelFile): Promise<GgufFile> {
  const reader = new HeaderReader(file, { path, sizeBytes })
  const version = await readVersion(reader)
  const tensorCount = await reader.count('the number of tensors', limits.tensors)
  const metadata = await readMetadata(
    reader,
    await reader.count('the number of metadata entries', limits.metadataEntries),
  )
  const values = new MetadataValues(path, metadata)
  requireWholeModel(values)
  const { tensors, dataOffset } = await readTensors(reader, { count: tensorCount, metadata })
  const shape = readShape(values)
  const tokenizer = readTokenizer(values)
  requireFittingTensors(path, tensors, { shape, vocabularySize: tokenizer.vocabularySize })
  const parameters = tensors.reduce((sum, { dimensions }) => sum + dimensions.reduce((a, b) => a * b, 1), 0)
  const about = { path, sizeBytes, modifiedMs, version, parameters, ...readDescription(values, metadata) }
  return { ...about, metadata, tensors, dataOffset, shape, tokenizer }
}

function readDescription(
  values: MetadataValues,
  metadata: GgufMetadata,
): Pick<GgufFile, 'name' | 'fileType' | 'chatTemplate'> {
  const name = values.text('general.name')
  const chatTemplate = values.text('tokenizer.chat_template')
  const fileTypeId = metadata.get('general.file_type')
  const fileType = fileTypeId && fileTypeId.type !== 'array' ? fileTypes.get(Number(fileTypeId.value)) : undefined
  return {
    ...(name !== undefined && { name }),
    ...(fileType !== undefined && { fileType }),
    ...(chatTemplate !== undefined && { chatTemplate }),
  }
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

/** Refuses GGUF files that are only a part of a model, or something beside one. */
function requireWholeModel(values: MetadataValues): void {
  const parts = values.integer('split.count', [0, 65_535]) ?? 0
  if (parts > 1) {
    const part = (values.integer('split.no', [0, 65_535]) ?? 0) + 1
    throw refusal(
      values.path,
      `is part ${part} of ${parts} of a split model, which cannot be loaded; merge the parts with "llama-gguf-split --merge", or download a single file`,
    )
  }
  const kind = values.text('general.type') ?? 'model'
  const isProjector = kind === 'mmproj' || values.text('general.architecture') === 'clip'
  if (isProjector) throw refusal(values.path, 'is a vision projector, not a model; name the model that it belongs to')
  if (kind === 'adapter')
    throw refusal(values.path, 'is a LoRA adapter, not a model; name the model that it belongs to')
  if (kind === 'imatrix') throw refusal(values.path, 'is an importance matrix, not a model; name the model itself')
}
