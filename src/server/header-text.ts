/** Spells a text so that a header can hold it: what is not printable ASCII becomes an escape, as JSON has them. */
export function toHeaderText(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/g, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
