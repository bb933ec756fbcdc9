import type { Exchange } from '../exchange.ts'

/** Whose responses a client sees: all that its key asked for. */
export function ownerOf({ key }: Pick<Exchange, 'key'>): string {
  return key?.name ?? ''
}
