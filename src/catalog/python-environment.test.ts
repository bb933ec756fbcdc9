import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePythonEnvironment } from './python-environment.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-python-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Puts a python into the way that does as a script says, and notes each call. */
async function make(script: string, onStep: (step: string) => void = () => {}): Promise<string> {
  const programs = join(folder, 'programs')
  await mkdir(programs, { recursive: true })
  const text = `#!/bin/sh\necho "$@" >> ${folder}/calls.txt\nenv >> ${folder}/environment.txt\n${script}\n`
  await writeFile(join(programs, 'python3'), text)
  await chmod(join(programs, 'python3'), 0o755)
  return makePythonEnvironment({
    folder: join(folder, 'made'),
    packages: ['some-engine==1.0'],
    settings: { environment: { PATH: `${programs}:${process.env['PATH']}`, HF_TOKEN: 'secret' } },
    signal: new AbortController().signal,
    onStep,
  })
}

/* The python of the environment is the same script. */
const making = 'case "$*" in *" venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";; esac'

test('the packages are installed once, as wheels and apart, without our secrets', async () => {
  const steps: string[] = []
  const script = `${making}\ncase "$*" in *install*) echo "Collecting some-engine==1.0";; esac`
  const programs = await make(script, step => steps.push(step))
  expect(programs).toBe(join(folder, 'made', 'bin'))
  await make(script)
  const calls = (await readFile(join(folder, 'calls.txt'), 'utf8')).trim().split('\n')
  expect(calls.slice(1)).toEqual([
    `-m venv ${join(folder, 'made')}`,
    '-m pip install --only-binary=:all: --no-input --disable-pip-version-check --progress-bar off some-engine==1.0',
  ])
  expect(steps).toEqual(['Making a Python environment', 'Fetching some-engine==1.0'])
  expect(await readFile(join(folder, 'environment.txt'), 'utf8')).not.toContain('secret')
})

test('one that was left half made is made anew', async () => {
  await mkdir(join(folder, 'made', 'bin', 'leftover'), { recursive: true })
  await make(making)
  expect(await readFile(join(folder, 'made', 'packages.txt'), 'utf8')).toBe('some-engine==1.0\n')
  await expect(readFile(join(folder, 'made', 'bin', 'leftover'))).rejects.toThrow('ENOENT')
})

test.each([
  ['exit 1', 'Python 3.10 or newer is not on this machine'],
  ['case "$*" in *" venv "*) exit 1;; esac', 'install its venv module'],
  [`${making}\ncase "$*" in *install*) echo ProxyError; exit 1;; esac`, 'the Python package index cannot be reached'],
  [`${making}\ncase "$*" in *install*) exit 2;; esac`, 'pip could not install some-engine==1.0'],
])('where it cannot be made, as with "%s", it is said why, and nothing counts as made', async (script, message) => {
  // Whatever else there is of Python on this machine fails too.
  await mkdir(join(folder, 'programs'), { recursive: true })
  for (const name of ['python', 'py']) {
    await writeFile(join(folder, 'programs', name), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  }
  await expect(make(script)).rejects.toThrow(message)
  await expect(readFile(join(folder, 'made', 'packages.txt'))).rejects.toThrow('ENOENT')
})
