import type { CacheReport } from '../core/cache-report.ts'
import type { ModelError } from '../core/errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { AnswerTrace, TracedAttempt } from '../telemetry/observe.ts'
import { inPlainWords } from '../telemetry/plain-words.ts'
import type { Exchange } from './exchange.ts'

/** No client decides how long a line of the log is. */
const lettersLogged = 200
const lossesLogged = 20
const attemptsLogged = 40

/** Writes the one line that the log has of each request: what it was, what it cost and how it ended; never what it said. */
export function logExchange(logger: Logger, exchange: Exchange): void {
  const { trace, failure, response } = exchange
  const fields = {
    requestId: exchange.requestId,
    method: exchange.request.method,
    endpoint: exchange.route ?? 'none',
    path: exchange.path.slice(0, lettersLogged),
    protocol: exchange.protocol.id,
    status: response.headersSent ? response.statusCode : undefined,
    outcome: outcome(failure),
    model: (trace.model ?? trace.requestedModel)?.slice(0, lettersLogged),
    isStreaming: trace.isStreaming,
    ...routeFields(trace),
    msToFirstEvent: trace.msToFirstEvent === undefined ? undefined : Math.round(trace.msToFirstEvent),
    ms: Math.round(performance.now() - exchange.startedMs),
    ...costFields(trace),
    stop: trace.stop,
    losses: trace.losses
      ?.slice(0, lossesLogged)
      .map(({ field, action, why }) => `${field.slice(0, lettersLogged)} ${action}: ${why}`),
    failure: failure && failureFields(failure),
  }
  if (failure?.kind === 'internal') logger.error({ ...fields, error: failure.cause ?? failure }, 'request')
  else logger.info(fields, 'request')
}

function routeFields({ route, localOnly, target, attempts, isEstimated }: AnswerTrace): object {
  return {
    route: route?.slice(0, lettersLogged),
    localOnly: localOnly?.slice(0, lettersLogged),
    target: target?.slice(0, lettersLogged),
    isEstimated,
    attempts: attempts.length > 0 ? attempts.slice(0, attemptsLogged).map(attemptFields) : undefined,
  }
}

function attemptFields({ target, why, ...rest }: TracedAttempt): TracedAttempt {
  return {
    target: target.slice(0, lettersLogged),
    ...rest,
    ...(why !== undefined && { why: why.slice(0, lettersLogged) }),
  }
}

function failureFields({ kind, message, cause }: ModelError): object {
  const said = cause instanceof Error ? inPlainWords(cause.message) : undefined
  return { kind, message: message.slice(0, lettersLogged), said }
}

function costFields({ usage, cache }: AnswerTrace): object {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens } = usage
  return { inputTokens, cacheReadTokens, cacheWriteTokens, cache: cache && cacheFields(cache), outputTokens }
}

/* The texts around the place where a prompt differs stay out of the log. */
function cacheFields({ outcome, restoredTokens, awaitedTokens, difference }: CacheReport): object {
  return { outcome, restoredTokens, awaitedTokens, differsAt: difference?.token, place: difference?.place }
}

function outcome(failure: ModelError | undefined): 'answered' | 'left' | 'failed' {
  if (!failure) return 'answered'
  return failure.kind === 'aborted' ? 'left' : 'failed'
}
