import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { askKeychain } from '../../src/store/secrets/ask-keychain.ts'

const run = promisify(execFile)

/** A keychain that only this test can reach: GNOME Keyring on a D-Bus session of its own, in a folder of its own. */
export interface TestKeychain {
  /** What leads a program to it. */
  readonly environment: Readonly<Record<string, string>>
  /** Gives the master key of this id that is in it, if there is one. */
  find(id: string): Promise<string | undefined>
  /** Puts a text where the master key of this id would be. */
  plant(id: string, text: string): Promise<void>
  forget(id: string): Promise<void>
  /** Starts it again, as after the owner has come back, or locked, as before. */
  restart(state?: 'unlocked' | 'locked'): Promise<void>
  /** Stops it until it is started again; the session stays. */
  halt(): Promise<void>
  /** Has it answer nobody until it is started again. */
  freeze(): void
  stop(): Promise<void>
}

/* No services that would be started by asking for them: what runs is what the test has started. */
const session = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

/** Starts a keychain from the system's packages. Fails, rather than being skipped, where they are missing. */
export async function startKeychain(): Promise<TestKeychain> {
  await assertInstalled()
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-keychain-'))
  const socket = path.join(folder, 'bus')
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_RUNTIME_DIR: path.join(folder, 'run'),
    XDG_DATA_HOME: path.join(folder, 'data'),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
  }
  await mkdir(environment.XDG_RUNTIME_DIR, { mode: 0o700 })
  await mkdir(environment.XDG_DATA_HOME, { mode: 0o700 })
  await writeFile(`${socket}.conf`, session(socket))
  const bus = spawn('dbus-daemon', ['--nofork', `--config-file=${socket}.conf`], { env: environment, stdio: 'ignore' })
  await until(() => exists(socket), 'the D-Bus session')
  const means = { environment, patienceMs: 30_000 }
  let daemon = await launch(environment, 'unlocked')
  return {
    environment,
    find: id => askKeychain({ type: 'find', id }, means),
    plant: async (id, key) => void (await askKeychain({ type: 'keep', id, key }, means)),
    forget: async id => void (await askKeychain({ type: 'forget', id }, means)),
    restart: async (state = 'unlocked') => {
      await end(daemon)
      daemon = await launch(environment, state)
    },
    halt: () => end(daemon),
    freeze: () => void daemon.kill('SIGSTOP'),
    stop: async () => {
      await end(daemon)
      await end(bus)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function launch(
  environment: Readonly<Record<string, string>>,
  state: 'unlocked' | 'locked',
): Promise<ChildProcess> {
  const flags = ['--foreground', '--components=secrets', ...(state === 'unlocked' ? ['--unlock'] : [])]
  const daemon = spawn('gnome-keyring-daemon', flags, { env: environment, stdio: ['pipe', 'ignore', 'ignore'] })
  daemon.stdin?.on('error', () => undefined).end('the password of the tests')
  await until(() => isOwned(environment), 'GNOME Keyring')
  return daemon
}

/** Whether somebody answers for the Secret Service; GNOME Keyring does when it has been unlocked. */
async function isOwned(environment: Readonly<Record<string, string>>): Promise<boolean> {
  const question = ['org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets']
  const flags = ['--session', '--print-reply=literal', '--dest=org.freedesktop.DBus', '/', ...question]
  return (await run('dbus-send', flags, { env: environment })).stdout.includes('true')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function until(isReady: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isReady()) return
    await pause(50)
  }
  throw new Error(`${what} is not ready after a quarter of a minute`)
}

async function assertInstalled(): Promise<void> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  for (const program of ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon']) {
    const found = await Promise.all(folders.map(folder => exists(path.join(folder, program))))
    if (found.includes(true)) continue
    throw new Error('these tests need a keychain: install the packages "dbus" and "gnome-keyring"')
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
