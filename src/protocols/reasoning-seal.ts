import type { ThinkingBlock } from '../core/content.ts'
import type { ProtocolId } from '../core/extras.ts'

/*
 * Clients send a signature back as it was, and nothing else that would tell who made the reasoning. So where a
 * protocol has no signature that its maker knows again, the one that clients see says whose it is.
 */

const mark = 'duologue.'

/** What a protocol needs to send reasoning back to its maker. */
export interface Seal {
  readonly id: string
  /** What only the maker can read; empty where the reasoning is plain. */
  readonly data: string
}

/** Writes the signature of reasoning that an upstream of `protocol` made. */
export function sealReasoning(protocol: ProtocolId, { id, data }: Seal): string {
  return `${mark}${protocol}.${encodeURIComponent(id.toWellFormed())}:${data}`
}

/** Reads such a signature, where it is one and of `protocol`. */
export function openSeal(protocol: ProtocolId, { signature, origin }: ThinkingBlock): Seal | undefined {
  const prefix = `${mark}${protocol}.`
  if (origin !== undefined && origin !== protocol) return undefined
  if (signature?.startsWith(prefix) !== true) return undefined
  const end = signature.indexOf(':', prefix.length)
  const id = decodedId(signature.slice(prefix.length, end))
  return end < 0 || id === undefined ? undefined : { id, data: signature.slice(end + 1) }
}

/** Whether a signature says that somebody of this house made the reasoning, so that no other maker knows it. */
export function isSealed(signature: string): boolean {
  return signature.startsWith(mark)
}

function decodedId(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
