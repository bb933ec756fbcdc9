import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { provisionForTests } from './engine-package.ts'
import type { GrammarQuestion, GrammarReply } from './grammar-child.ts'
import { writeTinyModel } from './tiny-model.ts'

/** The real engine's grammars, asked one question at a time. */
export interface GrammarEngine {
  ask(question: GrammarQuestion): Promise<GrammarReply>
  /** Whether the native matcher takes each text; nothing where it refuses the grammar. */
  match(grammar: string, texts: readonly string[]): Promise<readonly boolean[] | undefined>
  stop(): Promise<void>
}

const childFile = join(import.meta.dirname, 'grammar-child.ts')

export async function startGrammarEngine(): Promise<GrammarEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'grammar-'))
  const modelPath = join(folder, 'tiny.gguf')
  await writeTinyModel(modelPath)
  const child = spawn(process.execPath, [childFile, await provisionForTests(), modelPath], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  let last: Promise<unknown> = Promise.resolve()
  const askNow = async (question: GrammarQuestion): Promise<GrammarReply> => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const line = await lines.next()
    if (line.done === true) throw new Error(`the native engine ended over the grammar\n${question.grammar}`)
    return JSON.parse(line.value)
  }
  const ask = (question: GrammarQuestion): Promise<GrammarReply> => {
    const reply = last.then(() => askNow(question))
    last = reply.catch(() => undefined)
    return reply
  }
  return {
    ask,
    match: async (grammar, texts) => {
      const reply = await ask({ type: 'match', grammar, texts })
      return reply.type === 'matched' ? reply.accepted : undefined
    },
    stop: async () => {
      child.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
