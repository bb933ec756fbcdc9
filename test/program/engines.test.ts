import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { mlxFolder, setUpMlx, writeTinyMlxModel } from '../support/mlx-lm.ts'
import { dataFolderWith } from './data-folder.ts'
import type { DataFolder } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { runProcess } from './processes.ts'
import type { Ended, StartOptions } from './processes.ts'
import { serve } from './served.ts'

let main: string
let programs: string
beforeAll(async () => {
  programs = await setUpMlx()
  ;({ main } = await installedProgram())
})

async function duologue(line: string, options: StartOptions): Promise<Ended> {
  return runProcess([process.execPath, main, ...line.split(' ')], options)
}

/** Makes a data folder that has the MLX server already, and a tiny model beside it. */
async function withMlx(): Promise<DataFolder> {
  const data = await dataFolderWith()
  await mkdir(join(data.path, 'engines'))
  await symlink(mlxFolder, join(data.path, 'engines', basename(mlxFolder)))
  await writeTinyMlxModel(programs, join(data.path, 'tiny'))
  return { ...data, environment: { ...data.environment, HF_HOME: join(data.path, 'hub') } }
}

test('an MLX model is set up with one command, tried, and served to clients', async () => {
  const data = await withMlx()
  expect(await duologue(`engine add mlx --model ${join(data.path, 'tiny')}`, data)).toMatchObject({
    code: 0,
    out: 'mlx is set up; ask for mlx/default_model\n',
  })
  expect((await duologue('engine list', data)).out).toMatch(/^ID[^\n]*\nmlx +mlx-lm +\S+mlx_lm\.server +store\n$/)
  expect(await duologue('providers test mlx', data)).toMatchObject({ code: 0 })
  const { url, process } = await serve(main, [], data)
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: 'mlx/default_model',
      max_tokens: 4,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  })
  expect(await response.json()).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 4 } })
  process.signal('SIGTERM')
  expect(await process.ended).toMatchObject({ code: 0 })
})

test('what is given to an engine goes to it as it is', async () => {
  const data = await dataFolderWith()
  const model = join(data.path, 'eyes.gguf')
  await writeFile(model, 'any')
  const line = `engine add llama-server --id eyes --model ${model} --program ${process.execPath} --json -- --mmproj p.gguf`
  const { code, out } = await duologue(line, data)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ id: 'eyes', kind: 'llama-server', program: process.execPath, from: 'store' })
})

test.each([
  [
    'engine add llama-server --model owner/name --program no-such-program',
    69,
    '"no-such-program" is not on this machine',
  ],
  ['engine add vllm --model nowhere.gguf', 66, 'there is no model at "nowhere.gguf"'],
  ['engine add mlx --model ../nowhere', 66, 'there is no model at "../nowhere"'],
  ['engine add something --model x', 2, 'Allowed choices are mlx, llama-server, vllm'],
  ['engine add mlx', 2, "required option '--model <model>' not specified"],
  ['engine logs nobody', 66, 'nothing is kept of an engine "nobody"'],
  ['engine logs ../state', 66, 'nothing is kept of an engine "../state"'],
  ['engine logs mlx --lines 0', 2, 'It must be a whole number above zero'],
])('used in vain, as in "duologue %s", it ends with %i', async (line, code, message) => {
  const ended = await duologue(line, await dataFolderWith())
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' })
  expect(ended.err).toContain(message)
})

test('the log of an engine is shown from its end', async () => {
  const data = await dataFolderWith()
  await mkdir(join(data.path, 'engines'))
  await writeFile(join(data.path, 'engines', 'eyes.log.old'), 'one\ntwo\n')
  await writeFile(join(data.path, 'engines', 'eyes.log'), 'three\n')
  expect((await duologue('engine logs eyes', data)).out).toBe('one\ntwo\nthree\n')
  expect((await duologue('engine logs eyes --lines 2', data)).out).toBe('two\nthree\n')
})
