import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Readable } from 'node:stream'
import { ModelError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import type { ProgramContext } from './program-context.ts'

/** Where a command takes a secret from. It is never an argument: every process may read those. */
export type SecretSource =
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'prompt'; readonly question: string }

const mostBytes = 16_384

/** Reads a secret; gives nothing where the person who is asked enters nothing, or nobody can be asked. */
export async function readSecret(source: SecretSource, context: ProgramContext): Promise<Secret | undefined> {
  switch (source.type) {
    case 'file':
      return secretIn(await readText(source.path, context), source.path === '-' ? 'standard input' : source.path)
    case 'variable':
      return secretIn(context.environment[source.name] ?? '', `the variable ${source.name}`)
    case 'prompt': {
      const text = context.input.isTTY ? await prompt(source.question, context) : ''
      return text === '' ? undefined : new Secret(text)
    }
  }
}

function secretIn(text: string, place: string): Secret {
  const secret = text.trim()
  const fault = secret === '' ? 'holds no key' : /[\r\n]/.test(secret) && 'holds more than one line'
  if (fault !== false) throw new ModelError('invalid-request', `${place} ${fault}`)
  return new Secret(secret)
}

async function readText(path: string, { input }: ProgramContext): Promise<string> {
  if (path === '-') return readBounded(input, 'standard input')
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw new ModelError('not-found', `the key cannot be read: there is no file ${path}, or not for you`, {
      cause: error,
    })
  })
  if ((await handle.stat()).isDirectory()) {
    await handle.close()
    throw new ModelError('not-found', `the key cannot be read: the file ${path} is a folder`)
  }
  return readBounded(handle.createReadStream(), path)
}

async function readBounded(stream: Readable, place: string): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of stream) {
    const buffer = Buffer.from(piece)
    bytes += buffer.length
    if (bytes > mostBytes) throw new ModelError('too-large', `${place} is too long for a key`)
    pieces.push(buffer)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** Asks for a line and does not show what is typed. */
async function prompt(question: string, { input, output }: ProgramContext): Promise<string> {
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  output.draw(question)
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', line => resolve(line.trim()))
      lines.once('SIGINT', () => reject(new ModelError('aborted', 'stopped; nothing was changed')))
      lines.once('close', () => resolve(''))
    })
  } finally {
    lines.close()
    output.note('')
  }
}
