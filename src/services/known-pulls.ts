import type { InstalledModels, UnfinishedDownload } from '../catalog/installed.ts'
import type { PullChange } from './pull-state.ts'
import type { SharedPulls } from './shared-pulls.ts'

export interface KnownPullsOptions {
  readonly models: InstalledModels
  readonly pulls: Pick<SharedPulls, 'states'>
}

/** Gives the downloads of a server, and those that other programs run beside it. Of a model's, the last one holds. */
export async function knownPulls({ models, pulls }: KnownPullsOptions): Promise<readonly PullChange[]> {
  const own = pulls.states()
  // Looked at later: what is over by then is not under way on the disk either.
  const onDisk = (await models.unfinished()).filter(({ isUnderWay }) => isUnderWay).map(toChange)
  return [...own.filter(change => !isUnderWay(change)), ...onDisk, ...own.filter(isUnderWay)]
}

function isUnderWay({ state }: PullChange): boolean {
  return state === 'downloading' || state === 'verifying'
}

function toChange({ id, sizeBytes, totalBytes }: UnfinishedDownload): PullChange {
  const total = totalBytes !== undefined && { totalBytes }
  return { model: id, state: 'downloading', receivedBytes: sizeBytes, ...total }
}
