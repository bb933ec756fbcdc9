import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ModelError } from '../../core/errors.ts'
import { refusal, unavailable } from '../failures.ts'
import type { KeychainAnswer, KeychainFailure, KeychainQuestion } from './keychain-messages.ts'

export interface KeychainMeans {
  /** All of the environment of the process that asks: what leads to the user's keychain. */
  readonly environment: Readonly<Record<string, string>>
  /** How long the owner may take to unlock it. */
  readonly patienceMs: number
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const program = fileURLToPath(new URL(`./keychain-program${extension}`, import.meta.url))

/** Asks the system's keychain, and gives the key that was asked for, where there is one. */
export async function askKeychain(question: KeychainQuestion, means: KeychainMeans): Promise<string | undefined> {
  const answer = await runProgram(question, means)
  if (answer === 'late' || answer === 'ended') throw failures[answer]()
  if (answer.type === 'failed') throw failures[answer.why]()
  return answer.key
}

async function runProgram(
  question: KeychainQuestion,
  { environment, patienceMs }: KeychainMeans,
): Promise<KeychainAnswer | 'late' | 'ended'> {
  const child = fork(program, [], { env: environment, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const { promise, resolve } = Promise.withResolvers<KeychainAnswer | 'late' | 'ended'>()
  const fuse = setTimeout(() => resolve('late'), patienceMs)
  // oxlint-disable-next-line no-unsafe-type-assertion -- the program is this package, of the same version
  child.once('message', value => resolve(value as KeychainAnswer))
  child.once('error', () => resolve('ended'))
  child.once('exit', () => resolve('ended'))
  child.send(question, () => undefined)
  try {
    return await promise
  } finally {
    clearTimeout(fuse)
    child.kill('SIGKILL')
  }
}

const otherwise = 'or keep the master key in a file instead; nothing was changed'

const failures: Readonly<Record<KeychainFailure | 'late' | 'ended', () => ModelError>> = {
  'no-package': () =>
    refusal(
      'the master key is to be in the keychain, and the package that opens it, @napi-rs/keyring, is not installed: ' +
        `install Duologue with its optional packages, on a system that the package is made for, ${otherwise}`,
    ),
  'no-service': () => unavailable(`${noService()}, ${otherwise}`),
  refused: () => unavailable(`the keychain is locked, or there is none yet: unlock it and try again, ${otherwise}`),
  taken: () =>
    refusal(
      "the keychain holds something else under the master key's name: remove that from it, service duologue, and " +
        'try again; nothing was changed',
    ),
  late: () =>
    unavailable(
      `the keychain has not answered: it may be asking for its password, unlock it and try again, ${otherwise}`,
    ),
  ended: () => unavailable(`the program that asks the keychain has ended before its answer: try again, ${otherwise}`),
}

function noService(): string {
  if (process.platform === 'darwin' || process.platform === 'win32') return 'the keychain does not answer: try again'
  return (
    'the master key is to be in the keychain, and no Secret Service answers on D-Bus: start Duologue in a session ' +
    'that has one, such as GNOME Keyring or KWallet'
  )
}
