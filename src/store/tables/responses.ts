import type { Access } from '../access.ts'
import { Sweeper } from '../sweeper.ts'
import { type KeptResponse, rowOf } from './kept-response.ts'
import { type Asking, known, ResponseReader } from './read-responses.ts'
import { defaultResponseLimits, type ResponseLimits } from './response-limits.ts'
import { holdersOf, type ItemIds, noteItems } from './response-items.ts'
import { pruneResponses } from './response-pruner.ts'
import { ResponseUses } from './response-uses.ts'

/** The answers that clients asked to be kept. */
export interface Responses {
  /** Keeps an answer, and by which ids its items may be named later. A power cut may lose it. */
  keep(kept: KeptResponse, itemIds?: readonly string[]): Promise<void>
  /** Gives the answers in which the last item of each of these ids was kept. */
  holders(items: ItemIds): Promise<readonly string[]>
  find(id: string, asking: Asking): Promise<KeptResponse | undefined>
  /** Gives those of several that are there. Throws `too-large` for more than a request could send. */
  findAll(ids: readonly string[], asking: Asking): Promise<readonly KeptResponse[]>
  /**
   * Gives an answer with all that it goes back to, the first one first; nothing where any of them is missing. Throws
   * `too-large` for a conversation that no request could send.
   */
  chain(id: string, asking: Asking): Promise<readonly KeptResponse[] | undefined>
  /** Begins the time of answers anew, because they were used. */
  renew(ids: readonly string[]): Promise<void>
  /** Forgets an answer, and says whether there was one. */
  remove(id: string, owner: string): Promise<boolean>
  /** Forgets a few of those whose time is over, or that are too many. Says whether more may be due. */
  prune(): Promise<boolean>
}

export interface ResponsesOptions extends Partial<ResponseLimits> {
  readonly access: Access
  readonly now: () => number
}

/** Makes the table of kept answers. `close` ends what it does later. */
export function createResponses(given: ResponsesOptions): Responses & { close(): void } {
  const options = { ...defaultResponseLimits, ...given }
  const { access, now } = options
  const sweeper = new Sweeper(access)
  const uses = new ResponseUses(options)
  const reader = new ResponseReader(options)
  const findAll: Responses['findAll'] = async (ids, asking) => reader.read(await reader.links(ids, asking), asking)
  return {
    keep: async (kept, itemIds = []) => {
      const row = rowOf(kept, now())
      await access.note(async transaction => {
        await transaction
          .insertInto('responses')
          .values(row)
          .onConflict(conflict => conflict.doNothing())
          .execute()
        await noteItems(transaction, row.id, { owner: row.owner, itemIds })
      })
    },
    holders: items => holdersOf(items, access),
    find: async (id, asking) => (await findAll([id], asking))[0],
    findAll,
    chain: async (id, asking) => {
      const links = await reader.chain(id, asking)
      if (links.at(-1)?.previous_id !== null) return undefined
      const found = await reader.read(links, asking)
      return found.length === links.length ? found : undefined
    },
    renew: ids => uses.note(ids),
    remove: async (id, owner) => {
      let count = 0n
      await access.note(async transaction => {
        const result = await transaction
          .deleteFrom('responses')
          .where('id', '=', known(id))
          .where('owner', '=', owner)
          .executeTakeFirst()
        count = result.numDeletedRows
      })
      if (count > 0n) sweeper.soon()
      return count > 0n
    },
    prune: async () => {
      const isMoreDue = await pruneResponses(options)
      // Also where nothing is due: a crash may have come between.
      sweeper.soon()
      return isMoreDue
    },
    close: () => sweeper.close(),
  }
}
