#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { explainCache, explainRunningRoute } from './ask-running.ts'
import { exitCodeFor, exitCodes } from './cli/exit-codes.ts'
import { Output } from './cli/output.ts'
import { createProgram } from './cli/program.ts'
import type { Flags, Snapshot } from './config/config.ts'
import { processEnvironment } from './config/environment.ts'
import { openConfig } from './config/open-config.ts'
import type { ConfigPlace } from './config/open-config.ts'
import { watchConfig } from './config/watch-config.ts'
import type { ConfigWatch } from './config/watch-config.ts'
import { checkProviders, openRules } from './open-rules.ts'
import { pullDependencies } from './pull-dependencies.ts'
import { findRuleFault } from './services/check-rules.ts'
import { moveConfiguredKey } from './services/configured-store.ts'
import { engineDependencies } from './services/set-up-engine.ts'

const environment = processEnvironment()
const { stdin: input, stdout, stderr } = process
const output = new Output({ stdout, stderr, allowsColour: (environment['NO_COLOR'] ?? '') === '' })

// Whoever read along may go, as `head` does, or a collector of logs: that is no reason to end what the program does.
for (const stream of [stdout, stderr]) stream.on('error', () => undefined)

process.exitCode = await run()

async function run(): Promise<number> {
  const stopping = stopOnSignals()
  const program = createProgram({
    version: await readVersion(),
    output,
    input,
    environment,
    signal: stopping.signal,
    dependencies: async () => pullDependencies(await openConfig(placeOf({})), environment),
    explainCache: async (requestId, flags) =>
      explainCache(requestId, (await openConfig(placeOf(flags))).config, stopping.signal),
    explainRunningRoute: async asked => explainRunningRoute(asked, await openConfig(placeOf({})), stopping.signal),
    openRules: async () => openRules(await openConfig(placeOf({})), environment),
    moveKey: async () => moveConfiguredKey((await openConfig(placeOf({}))).config, environment),
    checkProviders: snapshot => checkProviders(snapshot, environment),
    engines: async () => engineDependencies((await openConfig(placeOf({}))).config, environment),
    openApp: async (flags, notify) => {
      // All that answers requests is large, and most commands need none of it.
      const { createApp } = await import('./app.ts')
      const watch = (first: Snapshot): ConfigWatch => followFile({ first, ...placeOf(flags) })
      return createApp(await openConfig(placeOf(flags)), { environment, log: stderr, notify, watch })
    },
  })
  try {
    await program.parseAsync()
    return exitCodes.ok
  } catch (error) {
    output.fail(error)
    return exitCodeFor(error)
  }
}

function placeOf(flags: Flags): ConfigPlace {
  return { flags, environment, check: findRuleFault }
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

/** Follows the configuration; SIGHUP has it read at once, as of any server. */
function followFile(options: ConfigPlace & { readonly first: Snapshot }): ConfigWatch {
  const watch = watchConfig(options)
  // In a terminal the signal says that the terminal is gone, and ends the program.
  if (!input.isTTY) process.on('SIGHUP', () => void watch.reload())
  return watch
}

async function readVersion(): Promise<string> {
  const description: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  const isDescribed = typeof description === 'object' && description !== null && 'version' in description
  return isDescribed ? String(description.version) : 'unknown'
}
