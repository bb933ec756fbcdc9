import type { AsyncEntry } from '@napi-rs/keyring'
import type { KeychainAnswer, KeychainFailure, KeychainQuestion } from './keychain-messages.ts'

/*
 * A process of its own, because the keychain may ask its owner for a password, and native code that waits for that
 * can neither be called off nor ended with the program. It answers one question and goes.
 */
const service = 'duologue'

process.once('message', value => {
  // oxlint-disable-next-line no-unsafe-type-assertion -- the gateway is this package, of the same version
  void answer(value as KeychainQuestion).then(answered => process.send?.(answered, () => process.disconnect()))
})
// What waits for its owner would outlive a program that was killed.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))

async function answer(question: KeychainQuestion): Promise<KeychainAnswer> {
  const opened = await open(question.id)
  if (typeof opened === 'string') return { type: 'failed', why: opened }
  // The reason is told in the system's language and in no fixed form.
  return ask(opened, question).catch(() => ({ type: 'failed', why: 'refused' }))
}

async function open(id: string): Promise<AsyncEntry | KeychainFailure> {
  const keyring = await import('@napi-rs/keyring').catch(() => undefined)
  if (keyring === undefined) return 'no-package'
  try {
    // The other store of Linux forgets everything when the machine stops.
    return new keyring.AsyncEntry(service, `master key ${id}`, { linux: { store: 'secret-service' } })
  } catch {
    return 'no-service'
  }
}

async function ask(entry: AsyncEntry, question: KeychainQuestion): Promise<KeychainAnswer> {
  switch (question.type) {
    case 'find': {
      const key = await entry.getPassword()
      return { type: 'done', ...(key !== null && { key }) }
    }
    case 'keep': {
      const there = await entry.getPassword()
      if (there !== null && there !== question.key) return { type: 'failed', why: 'taken' }
      if (there === null) await entry.setPassword(question.key)
      // Its word is not enough: what it was the only one to have would be lost.
      return (await entry.getPassword()) === question.key ? { type: 'done' } : { type: 'failed', why: 'refused' }
    }
    case 'forget': {
      await entry.deleteCredential()
      return { type: 'done' }
    }
  }
}
