import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

/** A database server that only this test can reach: a socket in a folder of its own. */
export interface PostgresServer {
  /** Makes an empty database, and gives its URL. */
  database(): Promise<string>
  /** Ends every connection to such a database. */
  disconnectAll(): Promise<void>
  /** Stops the server, and gives what starts it again. */
  pause(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/** Starts Postgres from the system's package. Fails, rather than being skipped, where there is none. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPrograms()
  const owner = await findOwner()
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-postgres-'))
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(folder, owner.uid, owner.gid)
  const data = path.join(folder, 'data')
  await run(path.join(programs, 'initdb'), ['-D', data, '-U', 'duologue', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...owner,
    cwd: folder,
  })
  const administer = (text: string) => ask(urlOf(folder, 'postgres'), text)
  const launch = async (): Promise<ChildProcess> => {
    const flags = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'max_connections=50', '-c', 'fsync=off']
    const process = spawn(path.join(programs, 'postgres'), flags, { ...owner, cwd: folder, stdio: 'ignore' })
    await untilReady(process, administer)
    return process
  }
  let server = await launch()
  const halt = async () => {
    const ended = once(server, 'exit')
    // Does not wait for clients.
    server.kill('SIGINT')
    await ended
  }
  let databases = 0
  return {
    database: async () => {
      const name = `test_${++databases}`
      await administer(`create database ${name}`)
      return urlOf(folder, name)
    },
    disconnectAll: () =>
      administer("select pg_terminate_backend(pid) from pg_stat_activity where datname like 'test_%'"),
    pause: async () => {
      await halt()
      return async () => {
        server = await launch()
      }
    },
    stop: async () => {
      await halt()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function urlOf(folder: string, name: string): string {
  return `postgres://duologue@localhost/${name}?host=${encodeURIComponent(folder)}`
}

async function ask(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

async function untilReady(server: ChildProcess, administer: (text: string) => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`Postgres ended with ${server.exitCode} as it started`)
    const isReady = await administer('select 1').then(
      () => true,
      () => false,
    )
    if (isReady) return
    await pause(100)
  }
  throw new Error('Postgres is not ready after half a minute')
}

/* Debian keeps them away from the path, a folder for each version. */
async function findPrograms(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  const folders = [
    ...versions.map(version => path.join(root, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(path.delimiter),
  ]
  for (const folder of folders) {
    const isThere = await Promise.all([
      access(path.join(folder, 'initdb')),
      access(path.join(folder, 'postgres')),
    ]).then(
      () => true,
      () => false,
    )
    if (isThere) return folder
  }
  throw new Error('these tests need PostgreSQL: install the package "postgresql"')
}

/* Postgres refuses to be run by root; the package makes a user for it. */
async function findOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {}
  const idOf = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout)
  return { uid: await idOf('-u'), gid: await idOf('-g') }
}
