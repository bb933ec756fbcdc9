import type { Access } from '../access.ts'
import { keptOf, type KeptResponse, rowOf } from './kept-response.ts'
import { known, linksOf, readAll, type Link } from './read-responses.ts'
import { type ResponseLimits, ResponsePruner } from './response-pruner.ts'

/** The answers that clients asked to be kept. Each use of one begins its time anew. */
export interface Responses {
  /** Keeps an answer. A power cut may lose it. */
  keep(kept: KeptResponse): Promise<void>
  find(id: string, owner: string): Promise<KeptResponse | undefined>
  /** Gives those of several that are there. Throws `too-large` for more than a request could send. */
  findAll(ids: readonly string[], owner: string): Promise<readonly KeptResponse[]>
  /**
   * Gives an answer with all that it goes back to, the first one first; nothing where any of them is missing. Throws
   * `too-large` for a conversation that no request could send.
   */
  chain(id: string, owner: string): Promise<readonly KeptResponse[] | undefined>
  /** Forgets an answer, and says whether there was one. */
  remove(id: string, owner: string): Promise<boolean>
}

export interface ResponsesOptions extends ResponseLimits {
  readonly access: Access
  readonly now: () => number
}

/** Makes the table of kept answers. */
export function createResponses(options: ResponsesOptions): Responses {
  const { access, now } = options
  const pruner = new ResponsePruner(options)
  return {
    keep: async kept => {
      const row = rowOf(kept, now())
      await access.note(async transaction => {
        await transaction
          .insertInto('responses')
          .values(row)
          .onConflict(conflict => conflict.doNothing())
          .execute()
      })
      await pruner.pruneSometimes()
    },
    find: async (id, owner) => {
      const row = await access.read(tables =>
        tables
          .selectFrom('responses')
          .selectAll()
          .where('id', '=', known(id))
          .where('owner', '=', owner)
          .executeTakeFirst(),
      )
      return row && keptOf(row)
    },
    findAll: async (ids, owner) => readAll(await linksTo(access, ids, owner), options),
    chain: async (id, owner) => {
      const links = await linksOf(access, known(id), owner)
      if (links.at(-1)?.previous_id !== null) return undefined
      const found = await readAll(links, options)
      return found.length === links.length ? found : undefined
    },
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
      return count > 0n
    },
  }
}

async function linksTo(access: Access, ids: readonly string[], owner: string): Promise<readonly Link[]> {
  if (ids.length === 0) return []
  return access.read(tables =>
    tables
      .selectFrom('responses')
      .select(['id', 'size'])
      .where('id', 'in', ids.map(known))
      .where('owner', '=', owner)
      .execute(),
  )
}
