import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from '../config/config.ts'
import { formatFaults } from '../config/fault.ts'
import { findFile } from '../config/open-config.ts'
import type { ConfigPlace } from '../config/open-config.ts'
import { ModelError } from '../core/errors.ts'
import { checkConfig, warn } from './check-config.ts'
import type { ProgramContext } from './program-context.ts'

/** Opens the configuration file in the user's editor, makes it where there is none, and checks it afterwards. */
export async function editConfig(place: ConfigPlace, context: ProgramContext): Promise<void> {
  const { output, environment } = context
  const { path } = findFile(place)
  const editor = [environment['VISUAL'], environment['EDITOR']].find(words => (words ?? '').trim() !== '')
  if (editor === undefined) {
    throw new ConfigError(`no editor is set; name one in VISUAL or EDITOR, or edit ${path} yourself`)
  }
  if (await makeFile(path)) output.note(`${path} is new; everything in it is a comment.`)
  await runEditor(editor, path)
  const { faults, warnings } = await checkConfig(place, context)
  if (faults.length > 0) {
    throw new ConfigError(`${formatFaults(faults)}\n(a running server keeps what it had; edit again to mend it)`)
  }
  warn(warnings, output)
  output.print(`${path} can be used`)
}

/* It may come to hold secrets, so nobody else reads it. Gives whether there was none. */
async function makeFile(path: string): Promise<boolean> {
  // The schema that it names is made of much that no other command needs.
  const { starterFile } = await import('../config/starter-file.ts')
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, starterFile(), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw new ConfigError(`${path} cannot be made; choose another place with --config`, { cause: error })
  }
}

/* As other tools have it, the variable may hold options: `code --wait`. */
async function runEditor(editor: string, path: string): Promise<void> {
  const [program = '', ...options] = editor.trim().split(/\s+/)
  const child = spawn(program, [...options, path], { stdio: 'inherit' })
  try {
    await once(child, 'exit')
  } catch (error) {
    throw new ModelError(
      'not-found',
      `the editor ${JSON.stringify(program)} cannot be started; see VISUAL and EDITOR`,
      {
        cause: error,
      },
    )
  }
  if (child.exitCode !== 0)
    throw new ModelError('aborted', `the editor ended with ${child.exitCode ?? child.signalCode}`)
}
