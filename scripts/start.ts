import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { demonstrate } from './demonstrate.ts'
import { startServer } from './start-server.ts'

/*
 * `npm start`: fetches the starter model where it is missing, then serves it and shows how to ask it.
 * `npm start -- --demo`: asks it one question through each protocol's own SDK instead, and ends.
 */
const main = join(import.meta.dirname, '..', 'dist', 'main.js')
const flags = process.argv.slice(2).filter(flag => flag !== '--demo')
const isDemo = flags.length < process.argv.length - 2

const pulled = await run(['pull', 'starter'])
if (pulled !== 0) process.exitCode = pulled
else if (isDemo) process.exitCode = await demonstrateOnce()
else process.exitCode = await run(['serve', '--examples', '--model', 'starter', ...flags])

async function demonstrateOnce(): Promise<number> {
  try {
    // Any free port: a server that runs already is left alone.
    const server = await startServer(main, ['--model', 'starter', '--log-level', 'error', '--port', '0', ...flags])
    await demonstrate(server.url).finally(server.stop)
    return 0
  } catch (error) {
    process.stderr.write(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

async function run(words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [main, ...words], { stdio: 'inherit' })
  // The terminal sends its signals to the child as well, which knows what to do.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const { promise, resolve } = Promise.withResolvers<number>()
  child.once('close', code => resolve(code ?? 1))
  return promise
}
