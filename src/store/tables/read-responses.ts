import { setImmediate as othersTurn } from 'node:timers/promises'
import { ModelError } from '../../core/errors.ts'
import type { Access } from '../access.ts'
import { keptOf, type KeptResponse } from './kept-response.ts'
import { mostReadMebibytes } from './response-limits.ts'

const mostLinks = 1000
const mebibyte = 1024 * 1024

/** Who asks for answers. */
export interface Asking {
  readonly owner: string
  /** Makes room for so many bytes that are to be read. Throws where there is none. */
  readonly makeRoom: (bytes: number) => void
}

/** An answer without what it says. */
export interface Link {
  readonly id: string
  readonly size: number
}

interface ChainLink extends Link {
  readonly previous_id: string | null
}

export interface ResponseReaderOptions {
  readonly access: Access
  readonly now: () => number
  readonly mostAgeMs: number
}

/** Reads kept answers. Those that were not used for too long are not there, whether or not they are deleted yet. */
export class ResponseReader {
  readonly #options: ResponseReaderOptions

  constructor(options: ResponseReaderOptions) {
    this.#options = options
  }

  /** Gives those of several that are there. */
  async links(ids: readonly string[], { owner }: Asking): Promise<readonly Link[]> {
    if (ids.length === 0) return []
    return this.#options.access.read(tables =>
      tables
        .selectFrom('responses')
        .select(['id', 'size'])
        .where('id', 'in', ids.map(known))
        .where('owner', '=', owner)
        .where('used_at', '>', this.#tooOld())
        .execute(),
    )
  }

  /** Follows an answer back to the first one. */
  async chain(id: string, { owner }: Asking): Promise<readonly ChainLink[]> {
    const tooOld = this.#tooOld()
    const links = await this.#options.access.read(tables =>
      tables
        .withRecursive('chain(id, previous_id, size, depth)', db =>
          db
            .selectFrom('responses')
            .select(row => ['id', 'previous_id', 'size', row.lit(0).as('depth')])
            .where('id', '=', known(id))
            .where('owner', '=', owner)
            .where('used_at', '>', tooOld)
            .unionAll(
              db
                .selectFrom('responses')
                .innerJoin('chain', 'chain.previous_id', 'responses.id')
                .select(row => [
                  'responses.id',
                  'responses.previous_id',
                  'responses.size',
                  row.eb('chain.depth', '+', 1).as('depth'),
                ])
                .where('responses.owner', '=', owner)
                .where('responses.used_at', '>', tooOld)
                .where('chain.depth', '<', mostLinks),
            ),
        )
        .selectFrom('chain')
        .select(['id', 'previous_id', 'size'])
        .orderBy('depth')
        .execute(),
    )
    // One that goes on beyond the last that was followed would seem to be missing.
    if (links.length > mostLinks) throw tooLong()
    return links
  }

  /**
   * Reads answers, given from the last to the first, from the first to the last. Throws `too-large` for more than a
   * request could send.
   */
  async read(links: readonly Link[], { makeRoom }: Pick<Asking, 'makeRoom'>): Promise<readonly KeptResponse[]> {
    if (links.length === 0) return []
    const bytes = bytesOf(links)
    // One alone is what a request did send, with its answer.
    const isLong = links.length > 1 && bytes > mostReadMebibytes * mebibyte
    if (isLong || links.length > mostLinks) throw tooLong()
    makeRoom(bytes)
    const found: KeptResponse[] = []
    for (const batch of batchesOf(links.toReversed())) {
      found.push(...(await this.#readBatch(batch)))
      await othersTurn()
    }
    return found
  }

  async #readBatch(ids: readonly string[]): Promise<readonly KeptResponse[]> {
    const rows = await this.#options.access.read(tables =>
      tables.selectFrom('responses').selectAll().where('id', 'in', ids).execute(),
    )
    const byId = new Map(rows.map(row => [row.id, row]))
    return ids.flatMap(id => {
      const row = byId.get(id)
      return row ? [keptOf(row)] : []
    })
  }

  #tooOld(): number {
    const { now, mostAgeMs } = this.#options
    return now() - mostAgeMs
  }
}

function bytesOf(links: readonly Link[]): number {
  return links.reduce((sum, { size }) => sum + size, 0)
}

/* Reading and parsing keep the whole process waiting. */
function batchesOf(links: readonly Link[]): readonly (readonly string[])[] {
  const batches: string[][] = []
  let bytes = mebibyte
  for (const { id, size } of links) {
    if (bytes >= mebibyte) {
      batches.push([])
      bytes = 0
    }
    batches.at(-1)?.push(id)
    bytes += size
  }
  return batches
}

function tooLong(): ModelError {
  return new ModelError(
    'too-large',
    `the stored responses that this request goes on from are more than ${mostLinks}, or more than ${mostReadMebibytes} MiB ` +
      'together; begin a conversation with what matters of them as `input`',
  )
}

/** Gives an id to look for. What cannot be one becomes a text that none is; Postgres would refuse a zero in it. */
export function known(id: string): string {
  return /^[\w-]{1,256}$/.test(id) ? id : ''
}
