import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openEngine, temporaryFolder } from '../../test/support/engine.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { createConfiner, findConfinement } from './confinement.ts'

const environment = { PATH: process.env['PATH'] ?? '' }

/* What a shell sets by itself. */
const shellVariables = new Set(['', 'PWD', 'OLDPWD', 'SHLVL', '_'])

/** Runs a command as a model's process is run; gives what it wrote. */
async function runConfined(...command: readonly string[]): Promise<string> {
  const { prefix } = await findConfinement(environment)
  const unlimited = ['-c', 'ulimit -c unlimited 2>/dev/null; exec "$@"', 'sh', ...prefix, ...command]
  return (await promisify(execFile)('/bin/sh', unlimited)).stdout.trim()
}

test('a confined process leaves no core dump', async () => {
  expect(await runConfined('/bin/sh', '-c', 'ulimit -c')).toBe('0')
})

test('a confined process reaches no server, not even one of this machine, where the system can do that', async () => {
  const server = createServer(socket => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo
  const program = `require('net').connect(${port}, '127.0.0.1')
    .on('connect', () => { console.log('reached'); process.exit() })
    .on('error', () => console.log('unreachable'))`
  const { hasNoNetwork } = await findConfinement(environment)
  expect(await runConfined(process.execPath, '--eval', program)).toBe(hasNoNetwork ? 'unreachable' : 'reached')
  server.close()
})

test('where a part is not possible, the process runs without it', async () => {
  expect((await findConfinement({ PATH: '/nowhere' })).hasNoNetwork).toBe(false)
})

test('what a machine can do is found out once, and what it cannot is tried again', async () => {
  const changing = { PATH: '/nowhere' }
  const confine = createConfiner(changing)
  expect((await confine()).hasNoNetwork).toBe(false)
  changing.PATH = environment.PATH
  const found = await confine()
  expect(found).toEqual(await findConfinement(environment))
  changing.PATH = '/nowhere'
  expect((await confine()).hasNoNetwork).toBe(found.hasNoNetwork)
})

test.each([true, false])('a model’s process is confined: %s', async isConfined => {
  const folder = await temporaryFolder()
  const tiny = join(folder.path, 'tiny.gguf')
  await writeTinyModel(tiny)
  const { ask, processOf, engine } = openEngine({ tiny }, { isConfined })
  try {
    expect((await ask('Hello')).usage.outputTokens).toBe(24)
    const { hasNoNetwork } = await findConfinement(environment)
    const network = async (id: number | 'self'): Promise<string> =>
      readlink(`/proc/${id}/ns/net`).catch(() => 'this system has no such thing')
    const isAlone = (await network(processOf('tiny'))) !== (await network('self'))
    expect(isAlone).toBe(isConfined && hasNoNetwork)
    const variables = await readFile(`/proc/${processOf('tiny')}/environ`, 'utf8').catch(
      () => 'PATH=\0NODE_COMPILE_CACHE=',
    )
    const names = variables.split('\0').map(line => line.replace(/=.*/s, ''))
    const given = names.filter(name => !shellVariables.has(name))
    expect(new Set(given)).toEqual(new Set(['PATH', 'NODE_COMPILE_CACHE']))
  } finally {
    await engine.close()
    await folder.remove()
  }
})
