import { rm } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { ModelError } from '../core/errors.ts'
import { acquire } from '../catalog/acquire.ts'
import type { AcquiredFile, SourceFailure } from '../catalog/acquire.ts'
import type { Admit, Expected } from '../catalog/download.ts'
import { checkDisk, checkMemory, estimateMemoryBytes } from '../catalog/fit.ts'
import type { HubSettings } from '../catalog/hub.ts'
import { abortError, explainDisk } from '../catalog/failures.ts'
import type { InspectModel, ModelFacts } from '../catalog/inspect.ts'
import { inspectModel } from '../catalog/inspect.ts'
import type { InstalledModel, InstalledModels } from '../catalog/installed.ts'
import type { DownloadLimits } from '../catalog/limits.ts'
import { defaultLimits } from '../catalog/limits.ts'
import { lockPathOf, withLock } from '../catalog/lock.ts'
import { modelIdFor } from '../catalog/model-id.ts'
import type { ModelRecord } from '../catalog/model-record.ts'
import type { ModelSource } from '../catalog/model-source.ts'
import { describeSource } from '../catalog/model-source.ts'
import { PartFile, partSize } from '../catalog/part-file.ts'
import type { PipSettings } from '../catalog/pip.ts'
import type { PullProgress, ReportProgress } from '../catalog/progress.ts'
import type { CatalogueEntry } from '../catalog/recommended.ts'
import { catalogue } from '../catalog/recommended.ts'
import type { ModelReference } from '../catalog/source.ts'
import { parseReference } from '../catalog/source.ts'

export type { HubSettings, InstalledModel, PipSettings, PullProgress, SourceFailure }

/** What pulling needs to know of this machine. */
export interface PullDependencies {
  readonly models: InstalledModels
  readonly hub: HubSettings
  readonly pip: PipSettings
  /** What a model may take; a model that needs more is refused. */
  readonly availableMemoryBytes: number
  readonly now: () => Date
  readonly limits?: DownloadLimits
  readonly entries?: readonly CatalogueEntry[]
  readonly inspect?: InspectModel
}

/** What is to be pulled. */
export interface PullRequest {
  /** A catalogue name, `hf:owner/repository/file.gguf`, an https address or the path of a file. */
  readonly reference: string
  /** The name to keep it under, where not the catalogue's or the file's. */
  readonly name?: string
  /** Pulls what will not fit in memory, too. */
  readonly isForced?: boolean
  /** Whether a person at this machine asks: only then may the source be a file or an address, and not only the hub. */
  readonly isAskedHere: boolean
  readonly signal: AbortSignal
  readonly report: ReportProgress
  readonly onSourceFailed?: (failure: SourceFailure) => void
}

/** Which model is meant, and who means it. */
export type WantedModel = Pick<PullRequest, 'reference' | 'name' | 'isAskedHere'>

export interface Pulled {
  readonly model: InstalledModel
  /** False where the model was there already. */
  readonly isNew: boolean
}

/**
 * Brings a model to this machine: whole, with the right checksum, and checked as a GGUF file. Several pulls of the
 * same model, in one process or in many, share one download. An aborted pull leaves its part for the next one.
 */
export async function pullModel(request: PullRequest, dependencies: PullDependencies): Promise<Pulled> {
  const pull = planPull(request, dependencies)
  try {
    return (await presentModel(pull)) ?? (await pullLocked(pull))
  } catch (error) {
    if (request.signal.aborted) throw abortError()
    throw explainDisk(error, dependencies.models.directory)
  }
}

/** What a pull would bring. */
export interface PullTarget {
  /** The name that the model is kept under. */
  readonly id: string
  /** Where it may come from, the best source first. */
  readonly sources: readonly string[]
  readonly isHere: boolean
}

/** Tells what a pull would bring. Throws a `ModelError` for what may not be pulled, or not under this name. */
export async function lookUpPull(wanted: WantedModel, dependencies: PullDependencies): Promise<PullTarget> {
  const plan = planPull(wanted, dependencies)
  try {
    const isHere = (await findSame(plan)) !== undefined
    return { id: plan.id, sources: plan.sources.map(describeSource), isHere }
  } catch (error) {
    throw explainDisk(error, dependencies.models.directory)
  }
}

/** Throws a `ModelError` where it is known without asking a source that a model will not fit in memory. */
export function requireMemory(
  wanted: WantedModel & Pick<PullRequest, 'isForced'>,
  dependencies: PullDependencies,
): void {
  const plan = planPull(wanted, dependencies)
  if (plan.entry !== undefined) checkFit(plan, plan.entry.minimumMemoryBytes)
}

/** Tells how much of a model an interrupted pull has left, for the next one to go on from. */
export async function keptBytes(wanted: WantedModel, dependencies: PullDependencies): Promise<number> {
  return partSize(planPull(wanted, dependencies).partPath)
}

interface Plan<Request> {
  readonly id: string
  readonly entry: CatalogueEntry | undefined
  readonly sources: readonly ModelSource[]
  readonly expected: Expected
  readonly partPath: string
  readonly request: Request
  readonly dependencies: PullDependencies
}

type Pull = Plan<PullRequest>

function planPull<Request extends WantedModel>(request: Request, dependencies: PullDependencies): Plan<Request> {
  const reference = parseReference(request.reference, dependencies.entries ?? catalogue)
  if (!request.isAskedHere && (reference.type === 'web' || reference.type === 'file')) throw notFromAfar()
  const id = modelIdFor(reference, request.name)
  const entry = reference.type === 'catalogue' ? reference.entry : undefined
  return {
    id,
    entry,
    sources: sourcesOf(reference),
    expected: entry?.sha256 === undefined ? {} : { sha256: entry.sha256, sizeBytes: entry.sizeBytes },
    partPath: dependencies.models.partPath(id),
    request,
    dependencies,
  }
}

/* Whoever may choose an address or a path for the server to read could reach what only this machine reaches. */
function notFromAfar(): ModelError {
  return new ModelError(
    'forbidden',
    'a server fetches models of the catalogue and of the hub (hf:owner/repository/file.gguf) alone; run duologue pull on its machine for an address or a file',
  )
}

function sourcesOf(reference: ModelReference): readonly ModelSource[] {
  if (reference.type === 'catalogue') return reference.entry.sources
  return [reference.type === 'file' ? { type: 'file', path: resolve(reference.path) } : reference]
}

async function presentModel(pull: Pull): Promise<Pulled | undefined> {
  const model = await findSame(pull)
  if (model === undefined) return undefined
  const { sizeBytes, source } = model
  pull.request.report({ phase: 'ready', receivedBytes: sizeBytes, totalBytes: sizeBytes, source })
  return { model, isNew: false }
}

/** Gives the model where it is here already. Throws `conflict` where its name belongs to another. */
async function findSame(plan: Plan<WantedModel>): Promise<InstalledModel | undefined> {
  const { id, sources, expected, dependencies } = plan
  const model = await dependencies.models.find(id)
  if (model === undefined) return undefined
  const isSame = model.sha256 === expected.sha256 || sources.some(source => describeSource(source) === model.source)
  if (!isSame) {
    const fix = `pull it with --name to keep both, or remove the other with duologue rm ${id}`
    throw new ModelError('conflict', `the name "${id}" belongs to ${model.source}; ${fix}`)
  }
  return model
}

async function pullLocked(pull: Pull): Promise<Pulled> {
  const { request, dependencies, partPath, entry } = pull
  if (entry !== undefined) checkFit(pull, entry.minimumMemoryBytes)
  await dependencies.models.prepare()
  const lock = { path: lockPathOf(partPath), signal: request.signal, onWait: () => reportWaiting(pull) }
  return withLock(lock, async signal => {
    const alone = { ...pull, request: { ...request, signal } }
    await dependencies.models.recover(pull.id)
    return (await presentModel(alone)) ?? (await pullAlone(alone))
  })
}

async function pullAlone(pull: Pull): Promise<Pulled> {
  const { request, dependencies, partPath } = pull
  const file = await acquireFor(pull)
  const { memoryBytes, ...facts } = await inspectFor(pull, file)
  if (memoryBytes !== undefined) checkFit(pull, memoryBytes)
  const model = await dependencies.models.add(recordOf(pull, file, facts), file.path)
  await new PartFile(partPath).remove()
  request.report({ phase: 'ready', receivedBytes: file.sizeBytes, totalBytes: file.sizeBytes, source: model.source })
  return { model, isNew: true }
}

function acquireFor({ sources, expected, partPath, request, dependencies, ...pull }: Pull): Promise<AcquiredFile> {
  const { hub, pip, models, limits = defaultLimits } = dependencies
  const admit: Admit = async ({ sizeBytes, neededDiskBytes }) => {
    if (pull.entry === undefined) checkFit({ ...pull, request, dependencies }, estimateMemoryBytes(sizeBytes))
    await checkDisk({ directory: models.directory, neededBytes: neededDiskBytes, name: pull.id })
  }
  const { signal, report, onSourceFailed } = request
  return acquire({
    sources,
    expected,
    partPath,
    hub,
    pip,
    limits,
    signal,
    report,
    admit,
    ...(onSourceFailed !== undefined && { onSourceFailed }),
  })
}

/** A file that is no model is of no use to the next pull either. */
async function inspectFor({ partPath, dependencies }: Pull, file: AcquiredFile): Promise<ModelFacts> {
  try {
    return await (dependencies.inspect ?? inspectModel)(file.path)
  } catch (error) {
    await new PartFile(partPath).remove()
    await rm(file.path, { force: true })
    throw renamed(error, file)
  }
}

/** Names the file as the person knows it, not as it is called while it is gathered. */
function renamed(error: unknown, file: AcquiredFile): unknown {
  if (!(error instanceof ModelError)) return error
  const message = error.message.replace(basename(file.path), describeSource(file.source))
  return new ModelError(error.kind, message, { cause: error })
}

function checkFit(
  { id, request, dependencies }: Pick<Plan<Pick<PullRequest, 'isForced'>>, 'id' | 'request' | 'dependencies'>,
  neededBytes: number,
): void {
  if (request.isForced === true) return
  const { availableMemoryBytes, entries = catalogue } = dependencies
  checkMemory({ name: id, neededBytes, availableBytes: availableMemoryBytes, catalogue: entries })
}

function recordOf(
  { id, entry, dependencies }: Pull,
  file: AcquiredFile,
  facts: Omit<ModelFacts, 'memoryBytes'>,
): ModelRecord {
  return {
    schemaVersion: 1,
    id,
    source: describeSource(file.source),
    sha256: file.sha256,
    sizeBytes: file.sizeBytes,
    addedAt: dependencies.now().toISOString(),
    ...(entry !== undefined && { licence: entry.licence }),
    ...facts,
  }
}

function reportWaiting({ request }: Pull): void {
  request.report({ phase: 'resolving', receivedBytes: 0, source: 'another pull of this model' })
}
