import { writeModelPattern } from '../core/write-model-pattern.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { Demand } from './demand.ts'
import type { ReadyRule } from './read-rules.ts'

/** A request as rules see it. */
export interface Subject {
  readonly demand: Demand
  readonly circumstances: Circumstances
  /** The name that is served: what aliases made of the name that was asked for. */
  readonly model: string
}

/** Says which condition of a rule a request does not meet; nothing, where the rule is for it. */
export function whyNotFor(rule: ReadyRule, subject: Subject): string | undefined {
  return (
    otherModel(rule, subject) ??
    otherSender(rule, subject.circumstances) ??
    otherHeader(rule, subject.circumstances) ??
    otherSize(rule, subject.demand) ??
    otherNeeds(rule, subject.demand)
  )
}

/** Whether a rule has no condition at all: it is for what no other rule decides. */
export function isForAll(rule: ReadyRule): boolean {
  return rule.match.model === undefined && !hasConditionBesideModel(rule)
}

/** Whether a rule asks for anything beside a model. */
export function hasConditionBesideModel({ match }: ReadyRule): boolean {
  return Object.entries(match).some(([condition, value]) => condition !== 'model' && value !== undefined)
}

/** A rule as privacy reads it: it holds whether its words are written in big or in small letters. */
export function inAnyCase(rule: ReadyRule): ReadyRule {
  return { ...rule, ...rule.inAnyCase }
}

/** Whether a rule is for whatever somebody sends in these circumstances: nothing that is asked decides. */
export function isForSender(rule: ReadyRule, circumstances: Circumstances): boolean {
  const { model, promptTokens, needs } = rule.match
  const isOfDemand = model !== undefined || promptTokens !== undefined || needs !== undefined
  return !isOfDemand && (otherSender(rule, circumstances) ?? otherHeader(rule, circumstances)) === undefined
}

/* Both names count, so that no alias leads around a rule. */
function otherModel({ match, matchesModel }: ReadyRule, { demand, model }: Subject): string | undefined {
  if (!match.model || !matchesModel || matchesModel(demand.model) || matchesModel(model)) return undefined
  const word = match.model.type === 'exact' ? 'called' : 'like'
  return `the model is not ${word} ${JSON.stringify(writeModelPattern(match.model))}`
}

function otherSender({ match: { protocols, keys } }: ReadyRule, { protocol, key }: Circumstances): string | undefined {
  if (protocols && !protocols.includes(protocol)) return `it came as ${protocol}, not as ${protocols.join(' or ')}`
  if (!keys || (key !== undefined && keys.includes(key))) return undefined
  return `it came with ${key === undefined ? 'no key' : `the key ${JSON.stringify(key)}`}, not with ${keys.join(' or ')}`
}

function otherHeader({ matchesHeaders }: ReadyRule, { headers }: Circumstances): string | undefined {
  const missed = matchesHeaders.find(({ name, matches }) => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    return value === undefined || !matches(value)
  })
  return missed && `its header ${missed.name} is not ${JSON.stringify(missed.glob)}`
}

function otherSize({ match: { promptTokens = {} } }: ReadyRule, demand: Demand): string | undefined {
  const { atLeast = 0, atMost = Infinity } = promptTokens
  const size = `its prompt has ${demand.isCounted ? '' : 'about '}${demand.promptTokens} tokens`
  if (demand.promptTokens < atLeast) return `${size}, fewer than ${atLeast}`
  return demand.promptTokens > atMost ? `${size}, more than ${atMost}` : undefined
}

function otherNeeds({ match: { needs = [] } }: ReadyRule, demand: Demand): string | undefined {
  const absent = needs.find(need => !demand.needs.has(need))
  return absent && `it does not need ${absent}`
}
