import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ModelError } from '../core/errors.ts'
import { clientLeft, type Exchange } from './exchange.ts'

/** Every exchange under way. A reply closes when it was sent and when its connection closes, also while it waits behind another. */
export class Exchanges {
  readonly #byRequest = new Map<IncomingMessage, Exchange>()
  readonly #bySocket = new WeakMap<Duplex, Set<Exchange>>()
  readonly #onEnd: (exchange: Exchange) => void
  #onEmpty: (() => void) | undefined

  constructor(onEnd: (exchange: Exchange) => void) {
    this.#onEnd = onEnd
  }

  get size(): number {
    return this.#byRequest.size
  }

  /** Gets to know a connection. */
  connect(socket: Duplex): void {
    this.#bySocket.set(socket, new Set())
  }

  open(exchange: Exchange): void {
    this.#byRequest.set(exchange.request, exchange)
    this.#bySocket.get(exchange.request.socket)?.add(exchange)
    exchange.response.once('close', () => this.#end(exchange))
  }

  of(request: IncomingMessage): Exchange {
    const exchange = this.#byRequest.get(request)
    if (!exchange) throw new Error('a request without an exchange')
    return exchange
  }

  /** The exchange that a connection is at. */
  current(socket: Duplex): Exchange | undefined {
    return this.#bySocket.get(socket)?.values().next().value
  }

  interruptAll(reason: ModelError): void {
    for (const exchange of this.#byRequest.values()) exchange.interrupt(reason)
  }

  /** Settles when nothing is under way. */
  async whenEmpty(): Promise<void> {
    if (this.size === 0) return
    await new Promise<void>(resolve => {
      this.#onEmpty = resolve
    })
  }

  #end(exchange: Exchange): void {
    if (!this.#byRequest.delete(exchange.request)) return
    this.#bySocket.get(exchange.request.socket)?.delete(exchange)
    if (!exchange.response.writableFinished) {
      if (!exchange.response.writableEnded && !exchange.signal.aborted) exchange.failure = clientLeft()
      exchange.interrupt(clientLeft())
    }
    this.#onEnd(exchange)
    if (this.size === 0) this.#onEmpty?.()
  }
}
