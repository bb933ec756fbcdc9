import { InvalidArgumentError } from 'commander'
import { targetSchema } from '../config/route-schema.ts'
import type { RouteRule, RouteTarget } from '../core/route-rules.ts'
import { toTarget } from './route-words.ts'

const counts = ['weight', 'retries'] as const
const limits = [
  ['first-token', 'firstTokenMs'],
  ['idle', 'idleMs'],
  ['total', 'totalMs'],
] as const
const settings: readonly string[] = [...counts, ...limits.map(([name]) => name)]

/**
 * Reads `provider` or `provider/model`, and after commas what the file says in a map of a target:
 * `openai/gpt-5,weight=3,first-token=20s`.
 */
export function toTargetOfRule(text: string): RouteTarget {
  const [place = '', ...words] = text.split(',')
  const read = targetSchema.safeParse({ ...toTarget(place), ...fieldsOf(words.map(toSetting)) })
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new InvalidArgumentError(`${issue?.path.at(-1)?.toString() ?? 'It'}: ${issue?.message ?? 'it is not usable'}.`)
}

type TargetSetting = readonly [name: string, value: string]

function toSetting(word: string): TargetSetting {
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(word) ?? []
  if (settings.includes(name)) return [name, value]
  throw new InvalidArgumentError(
    `${JSON.stringify(word)} is no setting of a target; write name=value, with one of ${settings.join(', ')}.`,
  )
}

function fieldsOf(given: readonly TargetSetting[]): object {
  const names = given.map(([name]) => name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new InvalidArgumentError(`${repeated} is there twice.`)
  const isLimit = ([name]: TargetSetting): boolean => limits.some(([limit]) => limit === name)
  const timeouts = Object.fromEntries(given.filter(isLimit))
  const others = Object.fromEntries(given.filter(setting => !isLimit(setting)))
  return { ...others, ...(Object.keys(timeouts).length > 0 && { timeouts }) }
}

/** Tells where a rule sends requests, each target as it is read. */
export function describeTargets({ targets, isLocalOnly }: RouteRule): string {
  return `${targets.map(describeTarget).join(', ') || '-'}${isLocalOnly === true ? ' (local only)' : ''}`
}

function describeTarget({ provider, model, timeouts, ...target }: RouteTarget): string {
  const place = model === undefined ? provider : `${provider}/${model}`
  const given = [
    ...counts.map(name => [name, target[name]] as const),
    ...limits.map(([name, field]) => [name, seconds(timeouts?.[field])] as const),
  ]
  return [place, ...given.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))].join(',')
}

function seconds(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : `${milliseconds / 1000}s`
}
