import type { ContentBlock } from '../../core/content.ts'

/** A block, and where it stands in its turn. */
export interface Indexed {
  readonly block: ContentBlock
  readonly index: number
}

/** Puts neighbours that make one message together; a block that is an item by itself stands alone. */
export function grouped(
  content: readonly ContentBlock[],
  isItem: (block: ContentBlock) => boolean,
): readonly (readonly [Indexed, ...Indexed[]])[] {
  const groups: [Indexed, ...Indexed[]][] = []
  let open: Indexed[] | undefined
  for (const [index, block] of content.entries()) {
    if (open && !isItem(block)) open.push({ block, index })
    else {
      const group: [Indexed, ...Indexed[]] = [{ block, index }]
      groups.push(group)
      open = isItem(block) ? undefined : group
    }
  }
  return groups
}
