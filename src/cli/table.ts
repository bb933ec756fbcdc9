import { stripVTControlCharacters } from 'node:util'

/** One column of a table. */
export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string
  readonly isNumber?: boolean
}

/** Lays rows out in columns, two spaces apart. Numbers stand on the right of their column. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [columns.map(column => column.title), ...rows.map(row => columns.map(column => column.of(row)))]
  const widths = columns.map((_, index) => Math.max(...cells.map(line => width(line[index] ?? ''))))
  return cells
    .map(line =>
      columns
        .map((column, index) => pad(line[index] ?? '', widths[index] ?? 0, column.isNumber))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Lays out names and values, one pair a line. */
export function formatPairs(pairs: readonly (readonly [string, string | undefined])[]): string {
  const known = pairs.filter((pair): pair is [string, string] => pair[1] !== undefined)
  const widest = Math.max(0, ...known.map(([name]) => width(name)))
  return known.map(([name, value]) => `${pad(name, widest)}  ${value}`).join('\n')
}

function pad(text: string, to: number, isNumber = false): string {
  const space = ' '.repeat(Math.max(0, to - width(text)))
  return isNumber ? space + text : text + space
}

function width(text: string): number {
  return stripVTControlCharacters(text).length
}
