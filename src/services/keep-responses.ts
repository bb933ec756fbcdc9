import { ModelError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { KeptResponse } from '../store/tables/kept-response.ts'
import type { Asking } from '../store/tables/read-responses.ts'
import type { Responses } from '../store/tables/responses.ts'
import type { Logger } from '../telemetry/logger.ts'
import { KeepInTime } from './keep-in-time.ts'
import { repeatedBytes } from './repeated-items.ts'

export type { Asking, KeptResponse }

/** What a request names of earlier answers: the one that it goes on from, and the items of others. */
export interface Named {
  readonly previousId?: string
  readonly itemIds: readonly string[]
}

/** What was found of that. */
export interface Remembered {
  /** All that was said up to the end of the earlier answer, in order. */
  readonly history: readonly JsonObject[]
  readonly items: ReadonlyMap<string, JsonObject>
  /** Whether any of it must stay on local machines. */
  readonly isLocalOnly: boolean
}

/** The answers that clients asked to be kept. Each client sees its own. Whoever reads one begins its time anew. */
export interface KeepResponsesService {
  /** Whether anything is kept. */
  readonly isKeeping: () => boolean
  /**
   * Keeps an answer, and says whether it is kept: it is not where that fails, and may be later where it takes long.
   * Either is logged, and does not cost the client its answer.
   */
  keep(kept: KeptResponse): Promise<boolean>
  find(id: string, asking: Asking): Promise<KeptResponse | undefined>
  remove(id: string, owner: string): Promise<boolean>
  /** Finds what a request names. Throws `invalid-request` for an answer that is not kept; items may be missing. */
  recall(named: Named, asking: Asking): Promise<Remembered>
}

export interface KeepResponsesOptions {
  /** The table, where there is one at this moment. */
  readonly table: () => Responses | undefined
  readonly isWanted: () => boolean
  readonly logger: Logger
}

/** Makes the use-case of keeping answers. */
export function createKeepResponses({ table, isWanted, logger }: KeepResponsesOptions): KeepResponsesService {
  const open = () => (isWanted() ? table() : undefined)
  const inTime = new KeepInTime({ logger })
  // Nobody waits for that: what is there can be read where nothing can be written.
  const renew = (used: readonly KeptResponse[]) =>
    void table()
      ?.renew(used.map(({ id }) => id))
      .catch((error: unknown) => logger.warn({ error }, 'the time of stored responses could not begin anew'))
  return {
    isKeeping: () => open() !== undefined,
    keep: async kept => {
      const responses = open()
      return responses !== undefined && inTime.run(() => responses.keep(kept, foreignIds(kept)))
    },
    find: async (id, asking) => {
      const found = await open()?.find(id, asking)
      if (found) renew([found])
      return found
    },
    remove: async (id, owner) => (await open()?.remove(id, owner)) ?? false,
    recall: async ({ previousId, itemIds }, asking) => {
      const kept = open()
      const chain = previousId === undefined ? [] : await chainOf(previousId, asking, kept)
      const inChain = new Map(chain.flatMap(itemsOf))
      const others = itemIds.filter(id => !inChain.has(id))
      const named = kept ? await kept.findAll(await holdersOf(others, asking.owner, kept), asking) : []
      const used = [...chain, ...named]
      const items = new Map([...named.flatMap(itemsOf), ...inChain])
      asking.makeRoom(repeatedBytes(itemIds, items))
      if (used.length > 0) renew(used)
      return {
        history: chain.flatMap(({ input, response }) => [...input, ...outputOf(response)]),
        items,
        isLocalOnly: used.some(({ isLocalOnly }) => isLocalOnly),
      }
    },
  }
}

async function chainOf(
  id: string,
  asking: Asking,
  table: Pick<Responses, 'chain'> | undefined,
): Promise<readonly KeptResponse[]> {
  const chain = await table?.chain(id, asking)
  if (chain) return chain
  const why = table ? 'no such response is stored here, or not any more' : 'this server stores no responses'
  throw new ModelError('invalid-request', `previous_response_id: ${why}; send the whole conversation as \`input\``, {
    field: ['previous_response_id'],
    code: 'previous-response-not-found',
  })
}

const mostNamed = 256

/** The responses that items belong to. Ids of ours say it, and those of others are looked up. */
async function holdersOf(
  itemIds: readonly string[],
  owner: string,
  table: Pick<Responses, 'holders'>,
): Promise<readonly string[]> {
  const wanted = Map.groupBy(new Set(itemIds), id => responseOf(id))
  const foreign = wanted.get(undefined) ?? []
  const known = [...wanted.keys()].filter(id => id !== undefined)
  if (known.length + foreign.length > mostNamed) {
    const problem = `input: it names items of more than ${mostNamed} stored responses; send the items themselves`
    throw new ModelError('invalid-request', problem, { field: ['input'] })
  }
  return [...new Set([...known, ...(await table.holders({ owner, itemIds: foreign }))])]
}

/* As the ids of items are made here, from the unique part of their response's. */
function responseOf(itemId: string): string | undefined {
  const [, unique] = /^[a-z]+_([\w-]{24})_[a-z]?\d+$/.exec(itemId) ?? []
  return unique === undefined ? undefined : `resp_${unique}`
}

function outputOf({ output }: JsonObject): readonly JsonObject[] {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a response that was kept has a list of items
  return Array.isArray(output) ? (output as readonly JsonObject[]) : []
}

function itemsOf({ input, response }: KeptResponse): readonly (readonly [string, JsonObject])[] {
  return [...input, ...outputOf(response)].flatMap(item => (typeof item['id'] === 'string' ? [[item['id'], item]] : []))
}

function foreignIds(kept: KeptResponse): readonly string[] {
  return itemsOf(kept).flatMap(([id]) => (responseOf(id) === undefined ? [id] : []))
}
