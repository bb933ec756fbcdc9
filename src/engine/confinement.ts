import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

/** What a model's process is kept from. */
export interface Confinement {
  /** Words to put before its command, so that the same process starts with less. */
  readonly prefix: readonly string[]
  /** Whether it has no network at all, not even this machine's own. */
  readonly hasNoNetwork: boolean
}

const shell = '/bin/sh'

/* A core dump would hold conversations. Where memory runs out, the model goes before the server that starts it again. */
const lessThanUsual = '{ echo 500 > /proc/self/oom_score_adj; } 2>/dev/null; ulimit -c 0 2>/dev/null; exec "$@"'

/*
 * A network of its own with nothing in it. Who may not make one directly may make one in a namespace of users; who may
 * would lose the right to read others' files there.
 */
const waysToBeAlone = [
  ['unshare', '--net', '--'],
  ['unshare', '--user', '--map-root-user', '--net', '--'],
]

/** No confinement at all. */
export const unconfined: Confinement = { prefix: [], hasNoNetwork: false }

/**
 * Finds out what this machine can keep a model's process from. Nothing of it is needed to run a model, so what is
 * not possible is left out.
 */
export async function findConfinement(environment: Readonly<Record<string, string>>): Promise<Confinement> {
  if (!existsSync(shell)) return unconfined
  const alone = process.platform === 'linux' ? await wayToBeAlone(environment) : undefined
  return { prefix: [shell, '-c', lessThanUsual, shell, ...(alone ?? [])], hasNoNetwork: alone !== undefined }
}

/**
 * Finds out what this machine can do when a first process starts, so that one which replaces another need not wait.
 * What was not possible, perhaps for being busy, is tried again.
 */
export function createConfiner(environment: Readonly<Record<string, string>>): () => Promise<Confinement> {
  let found: Confinement | undefined
  return async () => {
    if (found?.hasNoNetwork !== true) found = await findConfinement(environment)
    return found
  }
}

async function wayToBeAlone(environment: Readonly<Record<string, string>>): Promise<readonly string[] | undefined> {
  for (const way of waysToBeAlone) if (await canRun([...way, shell, '-c', ':'], environment)) return way
  return undefined
}

async function canRun(command: readonly string[], env: Readonly<Record<string, string>>): Promise<boolean> {
  const [program = '', ...words] = command
  return promisify(execFile)(program, words, { env, timeout: 5000 }).then(
    () => true,
    () => false,
  )
}
