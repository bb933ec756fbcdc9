/** The rows of the tables under one heading of a page, up to the next of its level, without their heads, cell by cell. */
export function rowsUnder(page: string, heading: `#${string}`): readonly (readonly string[])[] {
  const [, section = ''] = `\n${page}`.split(`\n${heading}\n`)
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter(line => line.startsWith('|'))
  return lines.slice(2).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}
