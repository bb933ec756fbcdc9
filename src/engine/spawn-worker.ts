import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Confinement } from './confinement.ts'

/** A model's process, and the ways to it. */
export interface SpawnedWorker {
  readonly process: ChildProcess
  /** What it writes to its standard error, as text. */
  readonly said: Readable
  readonly socket: Duplex
}

export interface SpawnOptions {
  /** The environment variables that the process gets: nothing that it does not need. */
  readonly environment: Readonly<Record<string, string>>
  readonly confinement: Confinement
}

const file = fileURLToPath(new URL(`./worker/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

/** Starts a process that can load a model. */
export function spawnWorker({ environment, confinement }: SpawnOptions): SpawnedWorker {
  // The native package forks a test of its own with these arguments: odd ones would break it.
  const [program, ...words] = [...confinement.prefix, process.execPath, file]
  const child = spawn(program ?? process.execPath, words, {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe', 'overlapped'],
    windowsHide: true,
  })
  const { 2: stderr, 3: socket } = child.stdio
  if (!(stderr instanceof Readable) || !(socket instanceof Duplex))
    throw new Error('a child was started without its pipes')
  return { process: child, said: stderr.setEncoding('utf8'), socket }
}
