import type { Duplex } from 'node:stream'

/** One JSON value a line over a byte stream, both ways. */
export interface JsonLines {
  readonly send: (value: unknown) => void
  readonly close: () => void
}

/**
 * Speaks JSON lines over a socket. `onValue` is called for each whole line, in order;
 * a line that is not JSON is the peer's fault and destroys the socket.
 */
export function openJsonLines(socket: Duplex, onValue: (value: unknown) => void): JsonLines {
  // A line of many chunks is put together once, when its end is there: else its time would grow with its square.
  let begun: string[] = []
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split('\n')
    begun.push(first)
    const next = others.pop()
    if (next === undefined) return
    const lines = [begun.join(''), ...others]
    begun = [next]
    for (const line of lines) {
      const value = parseLine(line)
      if (value === undefined) return void socket.destroy()
      onValue(value)
    }
  })
  // The close that follows an error is what both ends act on.
  socket.on('error', () => {})
  return {
    send: value => {
      if (socket.writable) socket.write(`${JSON.stringify(value)}\n`)
    },
    close: () => void socket.destroy(),
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
