import * as z from 'zod'

/* The library's own words name its types, which mean nothing to whoever sets a port. */

/** A number as YAML or a shell has it. */
export function number(least: number, most: number): z.ZodType<number> {
  const error = `it must be a number from ${least} to ${most}`
  return fromText(z.number({ error }).min(least, { error }).max(most, { error }))
}

/** A whole number, within bounds. */
export function wholeNumber(least: number, most: number): z.ZodType<number> {
  const error = `it must be a whole number from ${least} to ${most}`
  return fromText(z.number({ error }).int({ error }).min(least, { error }).max(most, { error }))
}

/* Flags and variables are text, and so is what a file refers to. */
function fromText(schema: z.ZodType<number>): z.ZodType<number> {
  return z.preprocess(
    value => (typeof value === 'string' && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value),
    schema,
  )
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): z.ZodType<Word> {
  return z.enum(words, { error: `it must be one of ${words.join(', ')}` })
}

/** Words, given as a list or with commas between them. */
export const list = z.union(
  [
    z.array(z.string().min(1)),
    z.string().transform(text =>
      text
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== ''),
    ),
  ],
  { error: 'it must be a list of words' },
)

export const yes = z.union([z.boolean(), z.stringbool()], { error: 'it must be yes or no' })

export const url = z.url({ protocol: /^https?$/, error: 'it must be an http or https address' })

/** Why a value is no text, or nothing where there is none. */
export function noText({ input }: { readonly input?: unknown }): string {
  return input === undefined ? 'it is missing' : 'it must be text; put it in quotes'
}

/** Text that says something. */
export const words = z.string({ error: noText }).min(1, 'it must not be empty')
