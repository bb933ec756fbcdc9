import { ModelError } from '../core/errors.ts'
import type { ErrorKind } from '../core/errors.ts'
import { privateAddressCode } from '../network/addresses.ts'
import { errorCode, whyUnreachable } from '../network/unreachable.ts'

/** A failure of one attempt, with whether another attempt may do better. */
export class DownloadFailure extends ModelError {
  /** `connect`: no connection was made. `transfer`: an answer broke off. `never`: the same would happen again. */
  readonly retry: 'connect' | 'transfer' | 'never'

  constructor(kind: ErrorKind, message: string, options: DownloadFailureOptions) {
    super(kind, message, options)
    this.retry = options.retry
  }
}

interface DownloadFailureOptions extends ErrorOptions {
  readonly retry: DownloadFailure['retry']
  readonly retryAfterMs?: number
}

/** Gives the failure for a refusal that no second attempt would change. */
export function refusal(kind: ErrorKind, message: string, cause?: unknown): DownloadFailure {
  return new DownloadFailure(kind, message, { retry: 'never', ...(cause !== undefined && { cause }) })
}

/** Says in our own words why a connection to `host` failed or broke. */
export function connectionFailure(error: unknown, host: string): DownloadFailure {
  const code = errorCode(error)
  if (code === privateAddressCode) {
    return refusal(
      'forbidden',
      `${host} leads to a private network; downloads come from public addresses or from HF_ENDPOINT`,
    )
  }
  const why = whyUnreachable(code)
  if (why !== undefined) {
    return new DownloadFailure('unavailable', `${host} cannot be reached: ${why}`, { retry: 'connect', cause: error })
  }
  const proxyAnswer = /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((407)\)/.exec(messageOf(error))
  if (proxyAnswer !== null) {
    const status = proxyAnswer[1] ?? proxyAnswer[2] ?? ''
    const why = `the proxy answered ${status}; check HTTPS_PROXY and NO_PROXY${status === '407' ? ', it wants a name and password' : ''}`
    return new DownloadFailure('unavailable', `${host} cannot be reached: ${why}`, { retry: 'never', cause: error })
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    const fix = 'set NODE_EXTRA_CA_CERTS if your network has its own authority'
    return new DownloadFailure('unavailable', `${host} shows a certificate that is not trusted (${code}); ${fix}`, {
      retry: 'never',
      cause: error,
    })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new DownloadFailure('timeout', `${host} stopped sending`, { retry: 'transfer', cause: error })
  }
  return new DownloadFailure('unavailable', `the connection to ${host} broke`, { retry: 'transfer', cause: error })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Says in our own words what an HTTP status means for a download. */
export function statusFailure(status: number, host: string, retryAfterMs?: number): DownloadFailure {
  const retry = passing.has(status) ? 'transfer' : 'never'
  return new DownloadFailure(statusKind(status), `${host} answered ${status}${statusHint(status)}`, {
    retry,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function statusKind(status: number): ErrorKind {
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 410) return 'not-found'
  return status === 429 ? 'rate-limited' : 'unavailable'
}

function statusHint(status: number): string {
  if (status === 401) return ': the repository needs a token or does not exist; set HF_TOKEN'
  if (status === 403) return ": access is not granted; accept the model's licence on its page and set HF_TOKEN"
  if (status === 404 || status === 410)
    return ': there is no such file; check the repository, the file and the revision'
  if (status === 429) return ': too many requests; wait, or set HF_TOKEN'
  return ''
}

const diskFaults: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, the part is kept',
  EDQUOT: 'your disk quota is used up; free some space, the part is kept',
  EROFS: 'the disk is read-only; choose another data directory',
  EACCES: 'you may not write there; change its owner, or choose another data directory',
  EPERM: 'you may not write there; change its owner, or choose another data directory',
  ENOTDIR: 'a file stands where a folder is needed; choose another data directory',
  EEXIST: 'a file stands where a folder is needed; choose another data directory',
  EFBIG: 'files may not grow so large there; choose another disk, or raise the limit (ulimit -f)',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  EIO: 'the disk reports a fault; check it',
}

/** Says what a failure of the disk under `directory` means, and gives any other error back. */
export function explainDisk(error: unknown, directory: string): unknown {
  if (error instanceof ModelError) return error
  const fault = diskFaults[errorCode(error)]
  return fault === undefined
    ? error
    : new ModelError('unavailable', `${directory} cannot be written: ${fault}`, { cause: error })
}

/** Gives the error for a pull that its signal stopped. */
export function abortError(): ModelError {
  return new ModelError('aborted', 'the download was stopped')
}
