import { join } from 'node:path'
import type { ProxySettings } from '../network/proxy.ts'

/** Where models come from and how they are reached, as the configuration says. */
export interface HubSettings {
  /** The hub's address: `https://huggingface.co`, or a mirror of it. */
  readonly endpoint: string
  /** Sent to the endpoint's own origin and nowhere else. */
  readonly token?: string
  /** The hub client's own cache (`$HF_HOME/hub`), whose files are used without a download. */
  readonly cacheDirectory?: string
  readonly proxy?: ProxySettings
}

/** One file of a repository on the hub. */
export interface HubFile {
  readonly type: 'hub'
  /** `owner/name`. */
  readonly repository: string
  /** The path inside the repository. */
  readonly file: string
  /** A branch, a tag or a commit. */
  readonly revision: string
}

/** Gives the address at which the hub answers for a file. */
export function hubFileUrl(endpoint: string, source: HubFile): URL {
  const path = source.file.split('/').map(encodeURIComponent).join('/')
  const base = endpoint.endsWith('/') ? endpoint : `${endpoint}/`
  return new URL(`${source.repository}/resolve/${encodeURIComponent(source.revision)}/${path}`, base)
}

/** Gives the folder in which the hub's own client keeps a repository. */
export function hubCacheFolder(cacheDirectory: string, source: HubFile): string {
  return join(cacheDirectory, `models--${source.repository.replace('/', '--')}`)
}
