import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { refusal } from './failures.ts'
import { lockPathOf, withLock } from './lock.ts'
import { pipEnvironment, usualPipFailure } from './pip.ts'
import type { PipSettings } from './pip.ts'
import { runCommand } from './run-command.ts'
import type { CommandRun } from './run-command.ts'

/** A folder of Python packages of its own, and how it is made. */
export interface PythonEnvironment {
  readonly folder: string
  /** As pip has them: `mlx-lm==0.32.2`. */
  readonly packages: readonly string[]
  readonly settings: PipSettings
  readonly signal: AbortSignal
  /** Hears of each step: what is made, or fetched. */
  readonly onStep: (step: string) => void
}

const pythons: readonly (readonly string[])[] = [['python3'], ['python'], ['py', '-3']]
const isNewEnough = 'import sys; sys.exit(sys.version_info < (3, 10))'

/**
 * Makes a folder with these packages, apart from all others of this machine, and gives the folder of its programs.
 * Where it is whole already, nothing is done. Throws `unavailable` where Python or the packages cannot be had.
 */
export async function makePythonEnvironment(wanted: PythonEnvironment): Promise<string> {
  const { folder, signal } = wanted
  await mkdir(folder, { recursive: true })
  const lock = { path: lockPathOf(folder), signal, onWait: () => wanted.onStep('Waiting for another program') }
  await withLock(lock, async held => {
    if (await isThere(join(folder, complete))) return
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await fill(wanted, held)
    await writeFile(join(folder, complete), `${wanted.packages.join('\n')}\n`)
  })
  return programsOf(folder)
}

/** A model of the hub, fetched with the hub's own client. */
export interface HubModelFetch {
  /** The folder of an environment's programs. */
  readonly programs: string
  /** As `owner/name`. */
  readonly model: string
  /** Where the client runs. */
  readonly folder: string
  readonly environment: PipSettings['environment']
  readonly signal: AbortSignal
  readonly onStep: (step: string) => void
}

/** Fetches a model to where the hub's own tools look for it. Throws `unavailable` where it cannot be had. */
export async function fetchHubModel({ programs, model, ...job }: HubModelFetch): Promise<void> {
  const { HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_ENDPOINT } = job.environment
  const hub = Object.entries({ HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_ENDPOINT }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  job.onStep(`Fetching the model ${model}`)
  const environment = { ...pipEnvironment(job.environment), ...Object.fromEntries(hub) }
  const run: CommandRun = { folder: job.folder, environment, signal: job.signal }
  const { code, output } = await runCommand([join(programs, 'hf'), 'download', model], run)
  if (code === 0) return
  const fix = 'check its name and the network, and HF_TOKEN if it is not open to all'
  throw refusal('unavailable', `the model ${model} could not be fetched; ${fix}`, new Error(output))
}

/* Written last: a folder without it is half made. */
const complete = 'packages.txt'

function programsOf(folder: string): string {
  return join(folder, process.platform === 'win32' ? 'Scripts' : 'bin')
}

async function fill({ folder, packages, settings, onStep }: PythonEnvironment, signal: AbortSignal): Promise<void> {
  const run: CommandRun = { folder, environment: pipEnvironment(settings.environment), signal }
  const python = await findPython(run)
  onStep('Making a Python environment')
  const { code } = await runCommand([...python, '-m', 'venv', folder], run)
  if (code !== 0) throw refusal('unavailable', 'Python cannot make an environment here; install its venv module')
  const pip = [join(programsOf(folder), 'python'), '-m', 'pip', 'install', ...pipFlags, ...packages]
  const onOutput = (text: string): void => {
    for (const [, name] of text.matchAll(/^Collecting (\S+)/gm)) onStep(`Fetching ${name}`)
    if (/^Installing/m.test(text)) onStep('Installing')
  }
  const installed = await runCommand(pip, { ...run, onOutput })
  if (installed.code === 0) return
  const why = usualPipFailure(installed.output) ?? `pip could not install ${packages.join(' and ')}`
  throw refusal('unavailable', why, new Error(installed.output))
}

// Only wheels: building a source package would run its code.
const pipFlags = ['--only-binary=:all:', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off']

async function findPython(run: CommandRun): Promise<readonly string[]> {
  for (const python of pythons) {
    const { code } = await runCommand([...python, '-c', isNewEnough], run)
    if (code === 0) return python
  }
  throw refusal('unavailable', 'Python 3.10 or newer is not on this machine; install it, with its venv module')
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
