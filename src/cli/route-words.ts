import { InvalidArgumentError, Option } from 'commander'
import type { ModelPattern, RouteMatch, RouteTarget } from '../core/route-rules.ts'
import { modelPattern } from '../config/model-pattern.ts'
import { duration } from '../config/quantities.ts'
import { writeModelPattern } from '../core/write-model-pattern.ts'

/** Tells which requests a rule is for. */
export function describeMatch({ model, protocols, keys, headers, needs, promptTokens }: RouteMatch): string {
  const parts = [
    model && writeModelPattern(model),
    protocols?.join(' or '),
    keys && `key ${keys.join(' or ')}`,
    ...Object.entries(headers ?? {}).map(([name, glob]) => `${name}=${glob}`),
    needs && `needs ${needs.join(' and ')}`,
    promptTokens?.atLeast !== undefined && `from ${promptTokens.atLeast} tokens`,
    promptTokens?.atMost !== undefined && `up to ${promptTokens.atMost} tokens`,
  ].filter(part => typeof part === 'string')
  return parts.length === 0 ? 'everything' : parts.join(', ')
}

/** The wire formats by name. */
export const protocols = ['anthropic-messages', 'openai-chat', 'openai-responses'] as const
/** What a request may need. */
export const needs = ['tools', 'vision', 'documents', 'thinking', 'structured-output'] as const

/** An option that may be given again, each time with one value more. */
export function collecting(flags: string, about: string, read: (text: string) => unknown): Option {
  return new Option(flags, about).argParser((text, before: readonly unknown[] | undefined) => [
    ...(before ?? []),
    read(text),
  ])
}

/** Reads one of some words. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return text => {
    const word = words.find(word => word === text)
    if (word !== undefined) return word
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`)
  }
}

/** Reads `provider` or `provider/model`. */
export function toTarget(text: string): RouteTarget {
  const [provider = '', ...model] = text.split('/')
  if (provider === '' || (model.join('/') === '') !== (model.length === 0)) {
    throw new InvalidArgumentError('Write it as provider or provider/model; local is the embedded engine.')
  }
  return { provider, ...(model.length > 0 && { model: model.join('/') }) }
}

/** Reads a name, a prefix, a glob or an expression. */
export function toPattern(text: string): ModelPattern {
  const read = modelPattern.safeParse(text)
  if (read.success) return read.data
  const why = read.error.issues[0]?.message ?? 'it is no pattern'
  throw new InvalidArgumentError(`${why.charAt(0).toUpperCase()}${why.slice(1)}.`)
}

/** Reads a header as `name=glob`, or whatever stands after the name. */
export function toHeader(after: 'glob' | 'value'): (text: string) => readonly [string, string] {
  return text => {
    const [, name = '', rest = ''] = /^([^=\s]+)=(.+)$/.exec(text) ?? []
    if (name !== '') return [name.toLowerCase(), rest]
    throw new InvalidArgumentError(`Write it as name=${after}.`)
  }
}

/** Reads a whole number above zero. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

/** Reads a time, as milliseconds. */
export function time(text: string): number {
  const read = duration.safeParse(text)
  if (read.success) return read.data
  throw new InvalidArgumentError('Write it as 500ms, 5s or 1m.')
}

/** Reads any text. */
export function same(text: string): string {
  return text
}
