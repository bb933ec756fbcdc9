import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a scripted npm does when it is called. */
export type NpmScript =
  | {
      readonly does: 'install'
      readonly platformPackages: readonly string[]
      readonly version: string
      readonly afterMs?: number
    }
  | { readonly does: 'nothing' }
  | { readonly does: 'hang' }
  | { readonly does: 'fail'; readonly code: string }

/**
 * Writes a program that is called as npm is, and gives the environment that makes it the npm of choice.
 * Each call adds a line to `calls.txt` beside it.
 */
export async function scriptedNpm(folder: string, script: NpmScript): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'npm-cli.js')
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}')
  await writeFile(
    path,
    `require('node:fs').appendFileSync(__dirname + '/calls.txt', process.pid + '\\n')\n${program(script)}`,
  )
  return { npm_execpath: path }
}

function program(script: NpmScript): string {
  switch (script.does) {
    case 'nothing':
      return ''
    case 'hang':
      return 'setTimeout(() => {}, 8000)'
    case 'fail':
      return `console.error('npm warn something else\\nnpm error code ${script.code}\\nnpm error in other words'); process.exitCode = 1`
    case 'install':
      return `
        const { mkdirSync, writeFileSync } = require('node:fs')
        const write = (path, text) => {
          mkdirSync(require('node:path').dirname(path), { recursive: true })
          writeFileSync(path, text)
        }
        setTimeout(() => {
          const manifest = JSON.stringify({ version: ${JSON.stringify(script.version)} })
          write('node_modules/node-llama-cpp/package.json', manifest)
          write('node_modules/node-llama-cpp/dist/index.js', 'export const isScripted = true')
          for (const name of ${JSON.stringify(script.platformPackages)}) {
            write('node_modules/@node-llama-cpp/' + name + '/package.json', manifest)
            write('node_modules/@node-llama-cpp/' + name + '/bins/' + name + (name.endsWith('-ext') ? '/x.so' : '/x.node'), 'binary')
          }
        }, ${script.afterMs ?? 0})`
  }
}
