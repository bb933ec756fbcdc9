/* Longer lines are cut, so that what never ends a line fills no memory. */
const longestLine = 4096

/** Gives a function that takes text as it comes and gives each line of it that says something. */
export function splitLines(onLine: (line: string) => void): (text: string) => void {
  let begun = ''
  return text => {
    // Bars that show progress go back to the start of their line instead of ending it.
    const lines = (begun + text).split(/[\r\n]+/)
    begun = lines.pop() ?? ''
    if (begun.length > longestLine) {
      lines.push(begun)
      begun = ''
    }
    for (const line of lines) if (line.trim() !== '') onLine(line.slice(0, longestLine))
  }
}
