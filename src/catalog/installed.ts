import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ModelError } from '../core/errors.ts'
import { errorCode } from '../network/unreachable.ts'
import { isLocked, lockPathOf } from './lock.ts'
import { isModelId } from './model-id.ts'
import type { ModelRecord } from './model-record.ts'
import { modelRecord } from './model-record.ts'
import { nearestNames } from '../core/nearest-names.ts'
import { PartFile, partSize } from './part-file.ts'
import { syncPath } from './place-file.ts'

/** A model on this machine. */
export interface InstalledModel extends ModelRecord {
  /** The GGUF file. */
  readonly path: string
}

const modelFile = 'model.gguf'
const recordFile = 'model.json'
const partEnding = '.gguf.part'
const removedEnding = '.removed'
const maxRecordBytes = 1024 * 1024
/** Changes within one tick of the file system's clock leave its date as it was. */
const dateGrainMs = 2_000

/** The beginning of a model whose download did not end. */
export interface UnfinishedDownload {
  readonly id: string
  readonly sizeBytes: number
  /** Of the whole file; absent while nobody has announced it. */
  readonly totalBytes?: number
  /** Whether a process works on it. */
  readonly isUnderWay: boolean
}

interface Snapshot {
  readonly changedMs: number
  readonly readMs: number
  readonly models: ReadonlyMap<string, InstalledModel>
}

/**
 * The models under `<dataDirectory>/models`, one folder each. A folder appears whole and disappears whole, so what is
 * listed can be served. Nothing that a client writes becomes a path: names are looked up among the folders found.
 */
export class InstalledModels {
  readonly directory: string
  #snapshot: Snapshot | undefined

  constructor(dataDirectory: string) {
    this.directory = join(dataDirectory, 'models')
  }

  /** Where unfinished downloads lie: on the same file system as the models, and never listed. */
  get workDirectory(): string {
    return join(this.directory, '.downloads')
  }

  /** Where a model's download is gathered. */
  partPath(id: string): string {
    return join(this.workDirectory, `${id}${partEnding}`)
  }

  /** Makes the folders, for their owner only, and clears away what a killed removal left. */
  async prepare(): Promise<void> {
    await mkdir(this.workDirectory, { recursive: true, mode: 0o700 })
    const left = (await readdir(this.workDirectory)).filter(name => name.endsWith(removedEnding))
    for (const name of left) await rm(join(this.workDirectory, name), { recursive: true, force: true })
  }

  /** Gives the downloads that were interrupted, or that are under way. */
  async unfinished(): Promise<readonly UnfinishedDownload[]> {
    const names = await readdir(this.workDirectory).catch(() => [])
    const ids = names.filter(name => name.endsWith(partEnding)).map(name => name.slice(0, -partEnding.length))
    return Promise.all(ids.sort().map(id => readUnfinished(id, this.partPath(id))))
  }

  /** Throws away an interrupted download. Throws `conflict` while it is under way. */
  async discard({ id }: Pick<UnfinishedDownload, 'id'>): Promise<void> {
    if (await isLocked(lockPathOf(this.partPath(id)))) {
      throw new ModelError('conflict', `${id} is being downloaded; stop that first`)
    }
    await new PartFile(this.partPath(id)).remove()
  }

  /** Gives every model, by name. Costs one look at the folder's date while nothing changes. */
  async list(): Promise<readonly InstalledModel[]> {
    return [...(await this.#current()).values()]
  }

  async find(id: string): Promise<InstalledModel | undefined> {
    return (await this.#current()).get(id)
  }

  /** Gives a model, or throws `not-found` with the names that are near. */
  async get(id: string): Promise<InstalledModel> {
    const models = await this.#current()
    const model = models.get(id)
    if (model !== undefined) return model
    const near = nearestNames(id, [...models.keys()])
    const hint = near.length > 0 ? `near it: ${near.join(', ')}` : 'duologue list shows what is'
    throw new ModelError('not-found', `the model "${id.slice(0, 100)}" is not on this machine; ${hint}`, {
      code: 'model-not-found',
    })
  }

  /** Makes a verified file a model, in one step that a crash cannot cut in half. */
  async add(record: ModelRecord, verifiedPath: string): Promise<InstalledModel> {
    const staged = this.#staged(record.id)
    await rm(staged, { recursive: true, force: true })
    await mkdir(staged, { mode: 0o700 })
    await writeRecord(join(staged, recordFile), record)
    await rename(verifiedPath, join(staged, modelFile))
    await syncPath(staged)
    return this.#publish(record.id)
  }

  /** Finishes what a crash between two steps of `add` left behind. */
  async recover(id: string): Promise<void> {
    const staged = this.#staged(id)
    if ((await readModel(staged, id)) === undefined) await rm(staged, { recursive: true, force: true })
    else await this.#publish(id)
  }

  /** Takes a model off the disk. Throws `not-found` where there is none. */
  async remove(id: string): Promise<InstalledModel> {
    const model = await this.get(id)
    await this.#removeFolder(model.id)
    return model
  }

  /** Names the models that are no longer whole, because something else changed their files. They are not listed. */
  async damaged(): Promise<readonly string[]> {
    if ((await this.#changedMs()) === undefined) return []
    const models = await readAll(this.directory)
    return (await modelIdsIn(this.directory)).filter(id => !models.has(id))
  }

  /** Takes what is left of a damaged model off the disk, and gives how much that was. */
  async removeDamaged(id: string): Promise<number> {
    const file = await lstat(join(this.directory, id, modelFile)).catch(() => ({ size: 0 }))
    await this.#removeFolder(id)
    return file.size
  }

  async #removeFolder(id: string): Promise<void> {
    await this.prepare()
    const doomed = join(this.workDirectory, `${id}${removedEnding}`)
    await rename(join(this.directory, id), doomed)
    this.#snapshot = undefined
    await rm(doomed, { recursive: true, force: true })
  }

  #staged(id: string): string {
    return join(this.workDirectory, `${id}.staged`)
  }

  async #publish(id: string): Promise<InstalledModel> {
    if ((await this.damaged()).includes(id)) await this.removeDamaged(id)
    await rename(this.#staged(id), join(this.directory, id))
    await syncPath(this.directory)
    this.#snapshot = undefined
    return this.get(id)
  }

  async #current(): Promise<ReadonlyMap<string, InstalledModel>> {
    const changedMs = await this.#changedMs()
    if (changedMs === undefined) return new Map()
    const known = this.#snapshot
    if (known?.changedMs === changedMs && known.readMs - changedMs > dateGrainMs) return known.models
    const readMs = Date.now()
    const models = await readAll(this.directory)
    this.#snapshot = { changedMs, readMs, models }
    return models
  }

  async #changedMs(): Promise<number | undefined> {
    try {
      return (await stat(this.directory)).mtimeMs
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }
}

async function readUnfinished(id: string, path: string): Promise<UnfinishedDownload> {
  const record = await new PartFile(path).record()
  const total = record?.totalBytes !== undefined && { totalBytes: record.totalBytes }
  return { id, sizeBytes: await partSize(path), ...total, isUnderWay: await isLocked(lockPathOf(path)) }
}

async function readAll(directory: string): Promise<ReadonlyMap<string, InstalledModel>> {
  const ids = await modelIdsIn(directory)
  const root = await realpath(directory)
  const models = await Promise.all(ids.map(id => readModel(join(root, id), id)))
  return new Map(models.filter(model => model !== undefined).map(model => [model.id, model]))
}

async function modelIdsIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const folders = entries.filter(entry => entry.isDirectory() && isModelId(entry.name))
  return folders.map(({ name }) => name).sort()
}

/** Reads one folder, and gives nothing for one that is not a whole model of that name. Follows no links. */
async function readModel(folder: string, id: string): Promise<InstalledModel | undefined> {
  try {
    const record = modelRecord.parse(JSON.parse(await readBounded(join(folder, recordFile))))
    const path = join(folder, modelFile)
    const file = await lstat(path)
    const isWhole = file.isFile() && file.size === record.sizeBytes && record.id === id
    return isWhole ? { ...record, path } : undefined
  } catch {
    return undefined
  }
}

async function readBounded(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    if ((await handle.stat()).size > maxRecordBytes) throw new Error('the record is too long')
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

async function writeRecord(path: string, record: ModelRecord): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(record, undefined, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
