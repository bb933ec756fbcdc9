import type * as z from 'zod'

/** One thing that the owner may set: by a flag, by a variable of the environment, or not at all. */
export interface Setting {
  readonly schema: z.ZodType
  /** The long flag of `duologue serve`, where there is one. */
  readonly flag?: `--${string}`
  readonly variable?: string
  /** Its name in the configuration file, where that is not its variable's; `false` where it has no place there. */
  readonly fileKey?: string | false
  readonly fallback?: unknown
  /** What it does, for `--help` and the documentation. */
  readonly about: string
  /** Whether its value may not be shown. */
  readonly isSecret?: boolean
  /** What may stand in the place of a secret, and tells nothing. */
  readonly openWord?: string
}

/** What a setting is called in the configuration file: as its variable is, in small letters. */
export function fileKeyOf({ fileKey, variable = '' }: Setting): string | undefined {
  if (fileKey === false) return undefined
  return (
    fileKey ??
    variable
      .replace(/^DUOLOGUE_/, '')
      .toLowerCase()
      .replaceAll('_', '-')
  )
}
