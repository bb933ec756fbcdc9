/** The bytes that a data URL holds, in base64. */
export interface InlineData {
  readonly mediaType: string
  readonly data: string
}

/** Reads a base64 data URL (RFC 2397). Gives nothing for any other text. */
export function parseDataUrl(url: string): InlineData | undefined {
  // Only the short head is matched: the data may be megabytes.
  const head = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,/i.exec(url.slice(0, maxHeadLength))
  const mediaType = head?.[1]
  if (!head || mediaType === undefined) return undefined
  const data = url.slice(head[0].length)
  return isBase64(data) ? { mediaType: mediaType.toLowerCase(), data } : undefined
}

export function formatDataUrl({ mediaType, data }: InlineData): string {
  return `data:${mediaType};base64,${data}`
}

const maxHeadLength = 256

// A search for the first wrong character never backtracks, which over megabytes would exhaust the matcher's stack.
function isBase64(data: string): boolean {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return data.length > padding && !/[^A-Za-z0-9+/]/.test(data.slice(0, data.length - padding))
}
