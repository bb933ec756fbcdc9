import type { OwnerRules } from '../services/owner-rules.ts'
import type { ProgramContext } from './program-context.ts'

/** Opens what the owner set up for as long as `work` takes. */
export async function withRules<Result>(
  context: ProgramContext,
  work: (rules: OwnerRules) => Promise<Result>,
): Promise<Result> {
  const rules = await context.openRules()
  try {
    return await work(rules)
  } finally {
    await rules.close()
  }
}

/** Something that the list has to leave out. */
interface LeftOut {
  readonly shadowed: readonly { readonly what: string; readonly name: string }[]
  readonly damaged: readonly { readonly table: string; readonly id: string; readonly why: string }[]
}

/** Tells the person who watches what does not hold, and why. */
export function noteLeftOut({ shadowed, damaged }: LeftOut, { output }: ProgramContext): void {
  for (const { what, name } of shadowed) {
    output.note(`Not in use: the stored ${what} ${name}, because the configuration file has one of that name`)
  }
  for (const { table, id, why } of damaged) {
    output.note(`Damaged: ${id} of ${table}: ${why} (set it up again, or remove it)`)
  }
}
