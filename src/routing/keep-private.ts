import { ModelError } from '../core/errors.ts'
import { inAnyCase, isForAll, whyNotFor, type Subject } from './match-rule.ts'
import type { ReadyRule } from './read-rules.ts'
import type { LocalOnly } from './route-plan.ts'
import type { RoutingView, Target } from './view.ts'

/* No model has a name of more, and each costs a match. */
const mostWords = 8

/** Whether what is sent to a target stays on machines that the owner marked as local. */
export function isLocalTarget({ backend, model }: Target): boolean {
  return backend.isLocal && (backend.isLocalModel?.(model) ?? true)
}

/** What decides whether a request must stay local. */
export interface PrivacyQuestion {
  readonly subject: Subject
  readonly view: Pick<RoutingView, 'rules' | 'isLocalOnly'>
  /** The rule that decided about the targets; absent where what is built in did. */
  readonly decided: ReadyRule | undefined
}

/**
 * Gives what forbids targets that are not local. A rule with conditions does so wherever it stands, also behind the one
 * that decides; one without is for what no other rule decides, and forbids them there.
 */
export function findLocalOnly({ subject, view, decided }: PrivacyQuestion): LocalOnly | undefined {
  const { localOnly, key } = subject.circumstances
  if (view.isLocalOnly === true) return { by: 'settings' }
  if (localOnly === 'key') return { by: 'key', ...(key !== undefined && { name: key }) }
  if (localOnly !== undefined) return { by: localOnly }
  const isLeftToOthers = decided === undefined || isForAll(decided)
  const rule = view.rules.rules.find(
    rule => rule.isLocalOnly && (isForAll(rule) ? isLeftToOthers : isFor(rule, subject)),
  )
  return rule && { by: 'rule', name: rule.name }
}

/* A rule holds however its request is written: with other letters, or with other words around the model's name. */
function isFor(rule: ReadyRule, subject: Subject): boolean {
  const { demand, model } = subject
  const wide = inAnyCase(rule)
  return [...readingsOf(model), ...readingsOf(demand.model)].some(
    reading => whyNotFor(wide, { ...subject, model: reading }) === undefined,
  )
}

/* Before a name may stand a provider and a maker, and a kind of service after it: `openrouter/anthropic/claude-x:free`. */
function readingsOf(name: string): readonly string[] {
  const words = name.split('/')
  const starts = [...words.slice(0, mostWords).keys(), words.length - 1]
  return starts.flatMap(start => {
    const reading = words.slice(start).join('/').trim()
    return [reading, reading.replace(/:[^:]*$/, '').trim()]
  })
}

/** Says what keeps a request on local machines. */
export function describeLocalOnly({ by, name }: LocalOnly): string {
  switch (by) {
    case 'rule':
      return `the rule ${JSON.stringify(name)} is local-only`
    case 'key':
      return name === undefined ? 'the key is local-only' : `the key ${JSON.stringify(name)} is local-only`
    case 'settings':
      return 'the settings of this server are local-only'
    case 'header':
      return 'the request itself asks to stay local'
    case 'conversation':
      return 'the conversation that it goes on from had to stay local'
  }
}

/** The failure of a request that could only be answered by leaving the owner's machines. */
export function mustStay(localOnly: LocalOnly, model: string): ModelError {
  return new ModelError(
    'forbidden',
    `model: no local target serves ${JSON.stringify(model)}, and ${describeLocalOnly(localOnly)}; ask a model that is here`,
    { field: ['model'] },
  )
}
