import type { RequestHeaders } from '../protocol.ts'

/** The newest version in which `temperature`, citations sent back and the assistant's documents are still accepted. */
export const lenientVersion = '2023-06-01'

const strictVersion = '2026-10-21'

const date = /^\d{4}-\d{2}-\d{2}$/

/**
 * Whether the client speaks the version that refuses what older models accepted. A version between two known ones
 * is the earlier of them, a later one is the newest known, and what is no date at all is as good as missing.
 */
export function isStrictVersion(headers: RequestHeaders): boolean {
  const version = headers['anthropic-version']
  return version !== undefined && date.test(version) && version >= strictVersion
}

/** The experimental features that a client asks for. */
export function betasOf(headers: RequestHeaders): readonly string[] {
  const betas = headers['anthropic-beta']?.split(',') ?? []
  return betas.map(beta => beta.trim()).filter(beta => beta !== '')
}
