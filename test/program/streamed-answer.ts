import { open } from '../support/http-client.ts'

/** The two protocols that every failure is told in. */
export const protocols = ['anthropic', 'openai'] as const
export type ProtocolName = (typeof protocols)[number]

export const paths: Readonly<Record<ProtocolName, string>> = {
  anthropic: '/v1/messages',
  openai: '/v1/chat/completions',
}

/** A streamed answer that is being read. */
export interface StreamedAnswer {
  readonly received: string
  readonly isOver: boolean
  /** Settles when text of the answer has come after what was received before; throws where the stream ends first. */
  more(): Promise<void>
  /** Settles with everything received, when the stream ends in whatever way. */
  readonly whole: Promise<string>
  /** Reads nothing until `resume`. */
  pause(): void
  resume(): void
  /** Closes the connection. */
  leave(): void
}

export interface Question {
  readonly model?: string
  readonly maxTokens: number
  readonly text?: string
  readonly stream?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** A request in the words that both protocols share. */
export function bodyFor({ model = 'tiny', maxTokens, text = 'Hello', stream = false }: Question): object {
  return { model, max_tokens: maxTokens, stream, messages: [{ role: 'user', content: text }] }
}

/** Asks for a streamed answer, and gives it when the first of its text has come. */
export async function stream(port: number, protocol: ProtocolName, question: Question): Promise<StreamedAnswer> {
  const answer = await openStream(port, protocol, question)
  await answer.more()
  return answer
}

/** Asks for a streamed answer, and gives it when its headers have come. */
export async function openStream(port: number, protocol: ProtocolName, question: Question): Promise<StreamedAnswer> {
  const body = bodyFor({ ...question, stream: true })
  const { headers = {} } = question
  const { response, leave } = await open(port, { method: 'POST', path: paths[protocol], body, headers })
  let received = ''
  let isOver = false
  let news = Promise.withResolvers<void>()
  const tell = () => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const over = Promise.withResolvers<string>()
  response.setEncoding('utf8').on('data', (text: string) => {
    received += text
    tell()
  })
  response.on('error', () => undefined)
  response.once('close', () => {
    isOver = true
    tell()
    over.resolve(received)
  })
  const pieces = () => received.match(/"text_delta"|"content":"[^"]/g)?.length ?? 0
  return {
    get received() {
      return received
    },
    get isOver() {
      return isOver
    },
    more: async () => {
      const before = pieces()
      while (pieces() === before) {
        if (isOver) throw new Error(`the stream ended without more text:\n${received.slice(-1000)}`)
        await news.promise
      }
    },
    whole: over.promise,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    leave,
  }
}

/** Whether a stream ended as a whole answer does. */
export function isWhole(protocol: ProtocolName, received: string): boolean {
  return protocol === 'anthropic'
    ? received.includes('event: message_stop\n')
    : received.trimEnd().endsWith('data: [DONE]')
}

/** The error that a stream ended with, in its protocol's form: the last frame, and nothing that claims an end after it. */
export function errorOf(protocol: ProtocolName, received: string): { readonly message: string; readonly type: string } {
  const last = received.trimEnd().split('\n\n').at(-1) ?? ''
  const [, event, data = ''] = /^(?:event: (\S+)\n)?data: (.*)$/.exec(last) ?? []
  if (isWhole(protocol, received)) throw new Error(`the stream claims to be whole:\n${received.slice(-1000)}`)
  if (protocol === 'anthropic' && event !== 'error') throw new Error(`the last frame is no error: ${last}`)
  const { error } = JSON.parse(data) as { readonly error?: { readonly message: string; readonly type: string } }
  if (!error) throw new Error(`the last frame is no error: ${last}`)
  return error
}
