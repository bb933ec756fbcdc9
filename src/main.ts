#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { createApp, explainCache, openRules, pullDependencies } from './app.ts'
import { exitCodeFor, exitCodes } from './cli/exit-codes.ts'
import { Output } from './cli/output.ts'
import { createProgram } from './cli/program.ts'
import { loadConfig } from './config/config.ts'
import { processEnvironment } from './config/environment.ts'

const environment = processEnvironment()
const { stdin: input, stdout, stderr } = process
const output = new Output({ stdout, stderr, allowsColour: (environment['NO_COLOR'] ?? '') === '' })

process.exitCode = await run()

async function run(): Promise<number> {
  const stopping = stopOnSignals()
  const program = createProgram({
    version: await readVersion(),
    output,
    input,
    environment,
    signal: stopping.signal,
    dependencies: async () => pullDependencies(loadConfig({}, environment), environment),
    explainCache: async (requestId, flags) =>
      explainCache(requestId, loadConfig(flags, environment).config, stopping.signal),
    openRules: async () => openRules(loadConfig({}, environment), environment),
    openApp: async (flags, notify) => createApp(loadConfig(flags, environment), { environment, log: stderr, notify }),
  })
  try {
    await program.parseAsync()
    return exitCodes.ok
  } catch (error) {
    output.fail(error)
    return exitCodeFor(error)
  }
}

/** The first signal asks the command to end; the second one ends the program. */
function stopOnSignals(): AbortController {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(exitCodes.interrupted)
      stopping.abort()
    })
  }
  return stopping
}

async function readVersion(): Promise<string> {
  const description: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  const isDescribed = typeof description === 'object' && description !== null && 'version' in description
  return isDescribed ? String(description.version) : 'unknown'
}
