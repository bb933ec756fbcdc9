const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Writes a number of bytes as people read it: `98.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (!(bytes >= 1024)) return `${Math.max(0, Math.round(bytes) || 0)} B`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1] ?? ''}`
}
