import { readRules } from './read-rules.ts'
import type { ModelDirectory, RoutingView } from './view.ts'

/** The view of a server without rules and providers: a model that is here is served here, and no other. */
export function builtInView(directory: ModelDirectory): RoutingView {
  return { rules: noRules, directory, provider: () => undefined, random: () => 0 }
}

const noRules = readRules({})
