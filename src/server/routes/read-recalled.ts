import { openaiResponses } from '../../protocols/openai-responses/index.ts'
import type { Json } from '../../core/json.ts'
import type { DecodedRequest } from '../../protocols/protocol.ts'
import type { Asking, KeepResponsesService, Remembered } from '../../services/keep-responses.ts'
import { circumstancesOf } from '../circumstances.ts'
import type { Exchange } from '../exchange.ts'
import type { Asked } from './answer-call.ts'
import type { Places } from '../places.ts'
import { ownerOf } from './response-owner.ts'

const { stateful } = openaiResponses

/** What answers repeat of their request, with whether they are stored. */
export type Echo = Record<string, Json> & { store: boolean }

/** A request that was read with what it goes on from. */
export interface ReadRequest extends Pick<Asked, 'circumstances'> {
  readonly decoded: DecodedRequest
  /** What answers repeat of it. Whether they are stored is known for sure when they end. */
  readonly echo: Echo
  /** What was found of what it refers to. */
  readonly recalled: Remembered
  /** Whether its bytes may go on: it says all by itself, and says that nobody is to store the answer. */
  readonly isRelayable: boolean
}

/** The stored responses, and the room for those that a request brings along. */
export interface RecallMeans {
  readonly responses: KeepResponsesService
  readonly places: Pick<Places, 'makeRoom'>
}

/** Who asks for stored responses, with the room that they may take. */
export function askingOf(exchange: Exchange, { places }: Pick<RecallMeans, 'places'>): Asking {
  return { owner: ownerOf(exchange), makeRoom: bytes => places.makeRoom(exchange, bytes) }
}

/** Reads a request with what it goes on from. What had to stay local before stays local. */
export async function readRecalled(exchange: Exchange, body: unknown, means: RecallMeans): Promise<ReadRequest> {
  const named = stateful.referencesIn(body)
  const recalled = await means.responses.recall(named, askingOf(exchange, means))
  const { echo, ...decoded } = stateful.decodeRequest(body, recalled)
  const circumstances = circumstancesOf(exchange, openaiResponses.id)
  const told: Echo = { ...echo, store: echo?.['store'] === true && means.responses.isKeeping() }
  return {
    isRelayable: named.previousId === undefined && named.itemIds.length === 0 && echo?.['store'] === false,
    recalled,
    decoded: { ...decoded, echo: told },
    echo: told,
    circumstances:
      recalled.isLocalOnly && circumstances.localOnly === undefined
        ? { ...circumstances, localOnly: 'conversation' }
        : circumstances,
  }
}
