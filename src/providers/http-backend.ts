import type { Backend } from '../core/backend.ts'
import { countTokens } from './count-tokens.ts'
import { embed } from './embed.ts'
import { homebound } from './homebound.ts'
import { isReady } from './prepare.ts'
import { relayAnswer } from './relay/relay.ts'
import { streamAnswer } from './stream-answer.ts'
import type { Upstream } from './upstream.ts'
import { isWithheld } from './withheld.ts'

/** Answers requests by asking a provider over HTTP. */
export function createBackend(upstream: Upstream, contextTokens: ContextTokens): Backend {
  const { dialect, isLocal } = upstream
  const translating = createTranslating(upstream, contextTokens)
  return {
    ...translating,
    ...(dialect.isRelayed === true && relaying(upstream)),
    ...(isLocal && { homebound: homebound(translating, dialect.protocol) }),
  }
}

type ContextTokens = (model: string) => number | undefined

function createTranslating(upstream: Upstream, contextTokens: ContextTokens): Backend {
  const { dialect, kind, settings, isLocal } = upstream
  const { countPath } = dialect
  const { embeddingsPath } = kind
  return {
    name: settings.id,
    isLocal,
    stream: (request, signal) => streamAnswer(upstream, request, signal),
    losses: request => {
      const prepared = upstream.prepare(request)
      return [...prepared.losses, ...upstream.encode(prepared.request, true).losses]
    },
    ...(countPath !== undefined && {
      countTokens: (request, signal) => countTokens({ upstream, path: countPath }, request, signal),
    }),
    ...(embeddingsPath !== undefined && {
      embed: (request, signal) => embed({ upstream, path: embeddingsPath }, request, signal),
    }),
    outlook: model => {
      const tokens = contextTokens(model)
      return tokens === undefined ? undefined : { contextTokens: tokens }
    },
  }
}

function relaying(upstream: Upstream): Pick<Backend, 'relay' | 'relays'> {
  const { protocol: spoken, tellsUsageUnasked = false } = upstream.dialect
  return {
    relay: (request, signal) => relayAnswer(upstream, request, signal),
    relays: ({ protocol, isStreaming, includesUsage }, request) =>
      protocol === spoken &&
      // Nobody can count a stream that does not tell what it costs; one that is translated is asked to.
      (!isStreaming || includesUsage || tellsUsageUnasked) &&
      !isWithheld(request.extras, protocol) &&
      isReady(request, upstream.target(request.model)),
  }
}
