import type { TokenLogprob } from '../../core/events.ts'
import type { NativeBindings, NativeContext, NativeModel } from './binding.ts'
import { spellToken } from './token-spelling.ts'

/** Measures how likely tokens are, as the model sees it: before any filter, penalty, bias or grammar. */
export interface TokenMeter {
  /** Gives the log-probability of `token` at logits that were not overwritten yet. */
  measure(logits: number, token: number): Promise<TokenLogprob>
  /** Spells a token whose log-probability is known. */
  name(token: number, logprob: number): TokenLogprob
  dispose(): void
}

/** What a meter reads from. */
export interface MeterMeans {
  readonly bindings: NativeBindings
  readonly native: NativeModel
  readonly context: NativeContext
}

/** Makes a meter for one answer, which reports the `top` likeliest tokens beside each. */
export function createTokenMeter({ bindings, native, context }: MeterMeans, top: number): TokenMeter {
  // The sampler of an answer cuts and scales what it draws from. This one leaves every token as it is.
  const sampler = new bindings.AddonSampler(native)
  sampler.applyConfig({ temperature: 0 })
  const named = (token: number, logprob: number): TokenLogprob => ({ ...spellToken(native, token), logprob })
  return {
    name: named,
    measure: async (logits, token) => {
      // At least the likeliest one is asked for: the weights are told in relation to it.
      const filter = [[token], false, false, false, Math.max(1, top)] as const
      const [, , , pairs = [], total] = await context.sampleToken(logits, sampler, false, false, filter, true)
      const measured = pairUp(pairs)
      const greatest = measured[0]?.logit ?? 0
      const chance = (logit = -Infinity): number => finite(logit - greatest - Math.log(total))
      return {
        ...named(token, chance(measured.at(-1)?.logit)),
        top: measured
          .slice(0, -1)
          .slice(0, top)
          .map(other => named(other.token, chance(other.logit))),
      }
    },
    dispose: () => sampler.dispose(),
  }
}

/* The native engine gives tokens and logits in turn: the likeliest first, and after them the one that was asked for. */
function pairUp(values: readonly number[]): readonly { readonly token: number; readonly logit: number }[] {
  return Array.from({ length: values.length / 2 }, (_, pair) => ({
    token: values[2 * pair] ?? 0,
    logit: values[2 * pair + 1] ?? -Infinity,
  }))
}

/* JSON has no infinity; this is the number that OpenAI writes for what cannot come. */
function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : -9999
}
