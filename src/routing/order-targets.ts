import type { Outlook } from '../core/backend.ts'
import type { Capabilities } from '../core/capabilities.ts'
import type { Need } from '../core/route-rules.ts'
import type { Demand } from './demand.ts'
import { whyTooLate } from './expect-wait.ts'
import type { Candidate } from './find-targets.ts'
import { targetName, type RouteStep } from './route-plan.ts'
import type { RoutingView } from './view.ts'

/** What the order depends on beside the targets. */
export interface OrderMeans {
  readonly demand: Demand
  readonly mostWaitMs?: number
  readonly view: Pick<RoutingView, 'health' | 'random'>
  readonly tell: (step: RouteStep) => void
}

/** Why a target is worse than others at this moment; a higher rank is worse. */
interface Hindrance {
  readonly rank: number
  readonly why: string
}

/**
 * Puts targets into the order in which they are tried: neighbours with weights are drawn by lot, then those that
 * something speaks against move behind those that nothing does. None is lost: the last hope may be a poor one.
 */
export function orderTargets(candidates: readonly Candidate[], means: OrderMeans): readonly Candidate[] {
  if (means.demand.isSteady) return candidates
  const ranked = drawLots(candidates, means.view.random).map(candidate => {
    const hindrance = findHindrance(candidate, means)
    if (hindrance)
      means.tell({ about: 'target', name: targetName(candidate), verdict: 'moved-back', why: hindrance.why })
    return { candidate, rank: hindrance?.rank ?? 0 }
  })
  return ranked.toSorted((one, other) => one.rank - other.rank).map(({ candidate }) => candidate)
}

function drawLots(candidates: readonly Candidate[], random: () => number): readonly Candidate[] {
  const ordered: Candidate[] = []
  for (let start = 0; start < candidates.length;) {
    const end = endOfNeighbours(candidates, start)
    ordered.push(...drawAll(candidates.slice(start, end), random))
    start = end
  }
  return ordered
}

/* A target without a weight stands alone. */
function endOfNeighbours(candidates: readonly Candidate[], start: number): number {
  let end = start
  while (candidates[end]?.wish.weight !== undefined) end += 1
  return Math.max(end, start + 1)
}

function drawAll(neighbours: Candidate[], random: () => number): readonly Candidate[] {
  const drawn: Candidate[] = []
  while (neighbours.length > 1) {
    const total = neighbours.reduce((sum, { wish }) => sum + (wish.weight ?? 0), 0)
    let left = random() * total
    const index = neighbours.findIndex(({ wish }) => (left -= wish.weight ?? 0) < 0)
    drawn.push(...neighbours.splice(Math.max(index, 0), 1))
  }
  return [...drawn, ...neighbours]
}

function findHindrance(candidate: Candidate, means: OrderMeans): Hindrance | undefined {
  const outlook = candidate.backend.outlook?.(candidate.model) ?? {}
  return (
    ranked(4, whyUnreachable(outlook)) ??
    ranked(3, whyResting(candidate, means)) ??
    ranked(2, whyUnfit(candidate, outlook, means.demand)) ??
    ranked(1, whyLate(candidate, outlook, means))
  )
}

function ranked(rank: number, why: string | undefined): Hindrance | undefined {
  return why === undefined ? undefined : { rank, why }
}

function whyUnreachable({ state }: Outlook): string | undefined {
  if (state === 'absent') return 'the model is not there'
  return state === 'unavailable' ? 'nobody answers there' : undefined
}

function whyResting(candidate: Candidate, { view }: OrderMeans): string | undefined {
  const restsForMs = view.health?.restsForMs(targetName(candidate)) ?? 0
  return restsForMs > 0 ? `it failed and rests for ${Math.ceil(restsForMs / 1000)} s more` : undefined
}

function whyLate(target: Candidate, outlook: Outlook, { demand, mostWaitMs }: OrderMeans): string | undefined {
  return mostWaitMs === undefined ? undefined : whyTooLate({ target, outlook, demand, mostWaitMs })
}

/* A model that does not think can still answer, so thinking is no reason to go elsewhere. */
const claims: readonly (readonly [Need, keyof Capabilities])[] = [
  ['tools', 'tools'],
  ['vision', 'vision'],
  ['documents', 'documents'],
  ['structured-output', 'structuredOutput'],
]

/* An estimate is believed only where it is far off; the target itself counts, and refuses before it reads. */
const leastShareOfEstimate = 0.7

function whyUnfit({ capabilities = {} }: Candidate, outlook: Outlook, demand: Demand): string | undefined {
  const lacking = claims.find(([need, claim]) => demand.needs.has(need) && capabilities[claim] === false)
  if (lacking) return `the model does not know ${lacking[0]}`
  const contextTokens = outlook.contextTokens ?? capabilities.contextTokens ?? Infinity
  const least = demand.promptTokens * (demand.isCounted ? 1 : leastShareOfEstimate)
  if (least < contextTokens) return undefined
  const size = `${demand.isCounted ? '' : 'about '}${demand.promptTokens} tokens`
  return `the prompt of ${size} does not fit into ${contextTokens}`
}
