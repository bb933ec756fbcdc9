import { ModelError } from '../core/errors.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { Demand } from './demand.ts'
import { findTargets, type Candidate } from './find-targets.ts'
import { describeLocalOnly, findLocalOnly, isLocalTarget, mustStay } from './keep-private.ts'
import type { Subject } from './match-rule.ts'
import { orderTargets } from './order-targets.ts'
import { targetName, type LocalOnly, type PlannedTarget, type RoutePlan, type RouteStep } from './route-plan.ts'
import { localProvider, type RoutingView } from './view.ts'

const namesTold = 10
const lettersTold = 200
const mostNameLetters = 1000

type Tell = (step: RouteStep) => void

/**
 * Decides where a request may go. It is the single authority for that, whatever is asked: an answer, a count, vectors.
 * Throws `not-found` for a model that nobody serves, naming those that are here, and `forbidden` where the request must
 * stay local and no local target serves it.
 */
export function planRoute(demand: Demand, circumstances: Circumstances, view: RoutingView): RoutePlan {
  const steps: RouteStep[] = []
  return decide({ demand, circumstances, view }, step => steps.push(step), steps)
}

/** Says of a request where it would go and why, without asking anybody. */
export function explainRoute(demand: Demand, circumstances: Circumstances, view: RoutingView): RouteExplanation {
  const steps: RouteStep[] = []
  const asked = { model: demand.model, promptTokens: demand.promptTokens, needs: [...demand.needs], steps }
  try {
    const { route, targets, localOnly } = decide({ demand, circumstances, view }, step => steps.push(step), steps)
    const told = targets.map(({ provider, model, isLocal, timeouts, retries }) => ({
      provider,
      model,
      isLocal,
      timeouts,
      retries,
    }))
    return { ...asked, route, targets: told, ...(localOnly && { localOnly }) }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return { ...asked, targets: [], refusal: { kind: error.kind, message: error.message } }
  }
}

/** The way of a request as data: for people and for programs. */
export interface RouteExplanation {
  readonly model: string
  readonly promptTokens: number
  readonly needs: readonly string[]
  /** Absent where nothing decided. */
  readonly route?: string
  readonly targets: readonly Omit<PlannedTarget, 'backend' | 'capabilities' | 'isNamed'>[]
  readonly localOnly?: LocalOnly
  readonly steps: readonly RouteStep[]
  /** What the client would be told, where the request goes nowhere. */
  readonly refusal?: Pick<ModelError, 'kind' | 'message'>
}

interface Question {
  readonly demand: Demand
  readonly circumstances: Circumstances
  readonly view: RoutingView
}

function decide({ demand, circumstances, view }: Question, tell: Tell, steps: readonly RouteStep[]): RoutePlan {
  const subject = { demand, circumstances, model: resolveName(demand.model, view, tell) }
  const found = findTargets(subject, view, tell)
  if (!found) throw notFound(demand.model, view)
  const { rule, route } = found
  if (found.candidates.length === 0) throw leadsNowhere(demand.model, route)
  const ordered = orderTargets(found.candidates, { demand, view, tell, ...waitOf(rule) })
  const localOnly = findLocalOnly({ subject, view, decided: rule })
  // Privacy comes last and looks at what was really found, so that nothing before it can lead around it.
  const targets = localOnly ? keepLocal(ordered, { localOnly, subject, tell }) : ordered
  for (const target of targets)
    tell({ about: 'target', name: targetName(target), verdict: 'kept', why: whereOf(target) })
  return { route, targets: targets.map(toPlanned), ...(localOnly && { localOnly }), steps }
}

function resolveName(asked: string, view: RoutingView, tell: Tell): string {
  if (asked.length > mostNameLetters) throw notFound(asked, view)
  const resolved = view.rules.resolveAlias(asked)
  if (!resolved) return asked
  const { alias, model } = resolved
  tell({
    about: 'alias',
    name: alias,
    verdict: 'holds',
    why: `${JSON.stringify(asked)} is another name for ${JSON.stringify(model)}`,
  })
  return model
}

function waitOf(rule: { readonly mostWaitMs?: number } | undefined): { readonly mostWaitMs?: number } {
  return rule?.mostWaitMs === undefined ? {} : { mostWaitMs: rule.mostWaitMs }
}

interface Privacy {
  readonly localOnly: LocalOnly
  readonly subject: Subject
  readonly tell: Tell
}

function keepLocal(candidates: readonly Candidate[], { localOnly, subject, tell }: Privacy): readonly Candidate[] {
  const why = describeLocalOnly(localOnly)
  tell({ about: 'privacy', name: localOnly.by, verdict: 'holds', why })
  const kept = candidates.filter(candidate => {
    const isLocal = isLocalTarget(candidate)
    if (!isLocal) tell({ about: 'privacy', name: targetName(candidate), verdict: 'removed', why })
    return isLocal
  })
  if (kept.length === 0) throw mustStay(localOnly, subject.demand.model)
  return kept.map(candidate => ({ ...candidate, backend: candidate.backend.homebound ?? candidate.backend }))
}

function whereOf(candidate: Candidate): string {
  return isLocalTarget(candidate) ? 'it is local' : 'it may leave this machine'
}

/* A failure that may pass is worth a second try where nobody else is left; the embedded engine tries by itself. */
function toPlanned(candidate: Candidate, index: number, all: readonly Candidate[]): PlannedTarget {
  const { backend, model, provider, place, wish, isNamed } = candidate
  const isLastHope = index === all.length - 1 && provider !== localProvider
  return {
    backend,
    model,
    provider,
    isLocal: isLocalTarget(candidate),
    isNamed,
    timeouts: { ...place?.timeouts, ...wish.timeouts },
    retries: wish.retries ?? (isLastHope ? 1 : 0),
  }
}

function notFound(model: string, view: RoutingView): ModelError {
  return new ModelError('not-found', unknownModel(model, view.directory.names()), {
    code: 'model-not-found',
    field: ['model'],
  })
}

function leadsNowhere(model: string, route: string): ModelError {
  const told = `model: ${quote(model)} has nowhere to go: none of the targets of the route ${quote(route)} is set up here`
  return new ModelError('not-found', told, { code: 'model-not-found', field: ['model'] })
}

function quote(name: string): string {
  return JSON.stringify(name.length > lettersTold ? `${name.slice(0, lettersTold)}…` : name)
}

/** Says that a model does not exist, and which do. */
export function unknownModel(model: string, names: readonly string[]): string {
  const asked = quote(model)
  if (names.length === 0) return `model: ${asked} does not exist; no model is installed, \`duologue pull\` gets one`
  const told = names.slice(0, namesTold).map(name => JSON.stringify(name))
  const more = names.length > namesTold ? ` and ${names.length - namesTold} more, see GET /v1/models` : ''
  return `model: ${asked} does not exist; use ${told.join(', ')}${more}`
}
