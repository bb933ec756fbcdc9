import { execFile } from 'node:child_process'
import path from 'node:path'

/** What the import law says of one tree. */
export interface Verdict {
  /** The files under `src` that were read, sorted. */
  readonly files: readonly string[]
  /** The names of the broken rules, by the file that breaks them. */
  readonly broken: ReadonlyMap<string, readonly string[]>
}

interface Report {
  readonly modules: readonly { readonly source: string }[]
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

/** Holds the `src` under `root` against the import law that lies beside it. */
export async function cruise(root: string): Promise<Verdict> {
  const report = await depcruise(root)
  const broken = new Map<string, string[]>()
  for (const { from, rule } of report.summary.violations) {
    broken.set(from, [...(broken.get(from) ?? []), rule.name])
  }
  const files = report.modules.map(module => module.source).filter(source => source.startsWith('src/'))
  return { files: files.toSorted(), broken }
}

async function depcruise(root: string): Promise<Report> {
  const bin = path.resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [bin, 'src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
      { cwd: root, maxBuffer: 256 * 1024 * 1024 },
      // The JSON report always exits 0; anything else is a broken tool, not a broken law.
      (error, stdout, stderr) => (error ? reject(new Error(stderr || error.message)) : resolve(stdout)),
    )
  })
  return JSON.parse(output) as Report
}
