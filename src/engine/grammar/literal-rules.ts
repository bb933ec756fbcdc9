import { charsOf, complement, without } from './char-set.ts'
import { choice, nothing, repeat, sequence, text } from './expression.ts'
import type { Expression } from './expression.ts'
import type { RuleSet } from './rule-set.ts'
import { inJsonString } from './spell.ts'

/** A tree of texts by their characters. */
interface Branch {
  readonly next: Map<string, Branch>
  isEnd: boolean
}

/** One of these texts. They share their beginnings, so that only one reading stays open. */
export function addTexts(rules: RuleSet, texts: readonly string[]): Expression {
  const write = (branch: Branch): Expression => {
    const options = [...branch.next].map(([char, next]) => {
      let [written, end] = [char, next]
      for (let only = onlyNext(end); only; only = onlyNext(end)) [written, end] = [written + only[0], only[1]]
      return end.next.size === 0 ? text(written) : sequence(text(written), rules.add('text', write(end)))
    })
    return choice(...options, ...(branch.isEnd ? [nothing] : []))
  }
  return rules.add('text', write(treeOf(texts)))
}

/** Any string in quotes but these, as it stands in JSON. */
export function addOtherStrings(rules: RuleSet, texts: readonly string[]): Expression {
  const anyRest = rules.add('rest', repeat(rules.add('plain', inJsonString(complement([]))), 0))
  const write = (branch: Branch): Expression => {
    const known = charsOf([...branch.next.keys()].join(''))
    const others = sequence(inJsonString(without(complement([]), known)), anyRest)
    const along = [...branch.next].map(([char, next]) =>
      sequence(inJsonString(charsOf(char)), rules.add('other', write(next))),
    )
    return choice(others, ...along, ...(branch.isEnd ? [] : [nothing]))
  }
  return rules.add('key', sequence(text('"'), write(treeOf(texts)), text('"')))
}

function treeOf(texts: readonly string[]): Branch {
  const root: Branch = { next: new Map(), isEnd: false }
  for (const text of texts) {
    let at = root
    for (const char of text) {
      const next = at.next.get(char) ?? { next: new Map(), isEnd: false }
      at.next.set(char, next)
      at = next
    }
    at.isEnd = true
  }
  return root
}

/* The one character that may follow, where the text cannot also end here. */
function onlyNext({ next, isEnd }: Branch): readonly [string, Branch] | undefined {
  if (isEnd || next.size !== 1) return undefined
  return next.entries().next().value
}
