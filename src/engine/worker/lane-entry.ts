import { urgencies } from '../urgencies.ts'
import { measuresPrompt } from './generation.ts'
import type { Lane, Work } from './lane.ts'
import type { BatchEntry } from './model-slots.ts'
import { bulkPiece } from './slots.ts'
import type { Working } from './step.ts'

/*
 * The logits of one token are as many as the model has tokens, and those of a long piece would fill the memory. Beside
 * another answer's one token, the native batch takes the first token of a piece apart; the others are a large piece.
 */
const measuredPiece = bulkPiece + 1

/** Prompts that wait for what a lane reads. */
export interface Behind {
  /** How many tokens the one waits for that waits for fewest. */
  readonly tokens: number
  /** How urgent the most urgent one is. */
  readonly urgency: number
}

/** What is left of a prompt. */
export interface Unread {
  /** How many tokens of it are not read. */
  readonly unread: number
  /** How many were not there when it came. */
  readonly toRead: number
}

/** How many tokens of the prompt are not read. */
export function unreadOf(lane: Lane, { generation: { job } }: Work): number {
  return Math.max(0, job.tokens.length - lane.tokens.length)
}

/* To be read until it ends, or until it stops for a checkpoint or a measurement. */
function remainingOf(lane: Lane, work: Work): number {
  const { job } = work.generation
  const stop = work.stops.find(place => place > lane.tokens.length)
  const remaining = stop === undefined ? unreadOf(lane, work) : stop - lane.tokens.length
  return measuresPrompt(job) && remaining >= measuredPiece + bulkPiece ? measuredPiece : remaining
}

/** Sees a lane at work as the plan of a step does: what others wait for is as urgent as they are. */
export function toWorking(lane: Lane, work: Work, behind: Behind | undefined): Working & Unread {
  const { job } = work.generation
  return {
    slot: lane.id,
    remaining: remainingOf(lane, work),
    unread: unreadOf(lane, work),
    toRead: work.toRead,
    urgency: Math.max(urgencies[job.priority], behind?.urgency ?? 0),
    arrived: work.arrived,
    awaited: behind?.tokens,
    inBulk: job.isReproducible,
  }
}

/** Makes a lane's part of a step: the next tokens of its prompt, or the one that was drawn last. */
export function toEntry(lane: Lane, work: Work, count: number): BatchEntry {
  const position = lane.tokens.length
  const { job } = work.generation
  const prompt = job.tokens
  if (position < prompt.length) {
    const tokens = prompt.slice(position, position + count)
    const samples = position + count === prompt.length
    return { slot: lane.id, position, tokens, samples, measures: measuresPrompt(job) }
  }
  if (work.next === undefined) throw new Error(`slot ${lane.id} has nothing to evaluate`)
  return { slot: lane.id, position, tokens: Uint32Array.of(work.next), samples: true }
}

/** Notes that a piece was evaluated. The native batch splits a step's by their lengths; a large one keeps its numbers. */
export function remember(lane: Lane, { position, tokens }: BatchEntry): void {
  if (tokens.length >= bulkPiece && lane.bulkTokens === position) lane.bulkTokens += tokens.length
  for (const token of tokens) lane.tokens.push(token)
}
