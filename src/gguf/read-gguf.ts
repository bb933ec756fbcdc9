import type { GgufArray, GgufFile, GgufMetadata } from './gguf-file.ts'
import { HeaderReader } from './header-reader.ts'
import { MetadataValues } from './metadata-values.ts'
import { readShape } from './model-shape.ts'
import { readTokenizer, requireFittingTensors } from './model-tokenizer.ts'
import type { OpenModelFile } from './open-model-file.ts'
import { withModelFile } from './open-model-file.ts'
import { readPreamble } from './read-preamble.ts'
import { readTensors } from './read-tensors.ts'
import { refusal } from './refusal.ts'
import { fileTypes } from './tensor-types.ts'

/**
 * Reads the header of a model file and checks all that native code would trust. The weights are not read.
 * Throws a `ModelError` that names the file, what is wrong with it and what to do.
 */
export async function readGguf(path: string): Promise<GgufFile> {
  return withModelFile(path, async opened => readHeader(path, opened))
}

/** Reads a list of texts that `readGguf` passed over, such as `tokenizer.ggml.tokens`. */
export async function readGgufTexts(file: GgufFile, key: string): Promise<readonly string[]> {
  const list = new MetadataValues(file.path, file.metadata).list(key, ['string'])
  if (!list) return []
  return withModelFile(file.path, async opened => {
    if (opened.sizeBytes !== file.sizeBytes || opened.modifiedMs !== file.modifiedMs) {
      throw refusal(file.path, 'was changed since it was read; load it again')
    }
    return readTexts(new HeaderReader(opened.file, { ...opened, path: file.path, offset: list.offset }), list)
  })
}

async function readTexts(reader: HeaderReader, { length }: GgufArray): Promise<readonly string[]> {
  const texts: string[] = []
  await reader.skipTexts(length, bytes => texts.push(bytes.toString('utf8')))
  return texts
}

async function readHeader(path: string, { file, sizeBytes, modifiedMs }: OpenModelFile): Promise<GgufFile> {
  const reader = new HeaderReader(file, { path, sizeBytes })
  const { version, tensorCount, metadata } = await readPreamble(reader)
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
