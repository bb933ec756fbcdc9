import { Lexer } from 'yaml'

const mostTokens = 50_000
const mostDepth = 64

/**
 * Tells why a text is too much for a configuration, or nothing. What makes a tree of YAML takes far longer than in
 * proportion where very many keys stand side by side or lists stand in lists; to split it into tokens does not.
 */
export function tooMuchOf(text: string): string | undefined {
  let tokens = 0
  let flowDepth = 0
  let depthInLine = 0
  for (const token of new Lexer().lex(text)) {
    tokens++
    flowDepth += flowSteps[token] ?? 0
    depthInLine = /^(\r?\n|,)$/.test(token) ? 0 : depthInLine + (blockSteps[token] ?? 0)
    if (tokens > mostTokens) return `it has more than ${mostTokens} words and signs, which is the most`
    if (Math.max(flowDepth, depthInLine) > mostDepth) return `it nests deeper than ${mostDepth} levels`
  }
  return undefined
}

const flowSteps: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 }
const blockSteps: Readonly<Record<string, number>> = { '-': 1, '?': 1, ':': 1 }
