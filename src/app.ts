import { randomBytes } from 'node:crypto'
import { InstalledModels } from './catalog/installed.ts'
import type { CommandApp } from './cli/program-context.ts'
import type { Config, Snapshot } from './config/config.ts'
import { dataFolder } from './config/folders.ts'
import type { Circumstances } from './core/route-rules.ts'
import type { Engine } from './engine/engine.ts'
import { contextTokensFor, usualSlots } from './engine/load-plan.ts'
import { listen, requireSafeBind, tryAddress, urlOf } from './listen.ts'
import { preferencesOf, unusedPreferences } from './model-preferences.ts'
import { readAskedHere } from './read-asked.ts'
import { createEnginePackage, openEngine } from './open-engine.ts'
import type { EnginePackage, EngineParts } from './open-engine.ts'
import { openPulls } from './open-pulls.ts'
import { openRouting } from './open-routing.ts'
import type { Routing } from './open-routing.ts'
import { placesBeside } from './server/limits.ts'
import { createServer } from './server/server.ts'
import type { DuologueServer, ServerOptions } from './server/server.ts'
import { createAnswer, createExchange } from './services/answer.ts'
import type { AnswerOptions, AnswerService } from './services/answer.ts'
import { createComplete } from './services/complete.ts'
import { createCountTokens } from './services/count-tokens.ts'
import { createEmbed } from './services/embed.ts'
import { diagnose } from './services/diagnose.ts'
import { createExplainRoute } from './services/explain-route.ts'
import { createKeepResponses } from './services/keep-responses.ts'
import type { KeepResponsesOptions } from './services/keep-responses.ts'
import type { ExplainRouteService } from './services/explain-route.ts'
import { createLiveConfig } from './services/live-config.ts'
import type { LiveConfig } from './services/live-config.ts'
import { examineMachine } from './services/examine-machine.ts'
import type { Machine } from './services/examine-machine.ts'
import { knownPulls } from './services/known-pulls.ts'
import { createLocalModels } from './services/local-models.ts'
import type { LocalModels } from './services/local-models.ts'
import { createModels } from './services/models.ts'
import { createRerank } from './services/rerank.ts'
import type { PullNews, SharedPulls } from './services/shared-pulls.ts'
import { createModelWatch } from './services/watch-models.ts'
import type { FollowModelsService } from './services/watch-models.ts'
import { createLogger } from './telemetry/logger.ts'
import { readableLog } from './telemetry/readable-log.ts'
import type { World } from './world.ts'

/** Builds the whole program from a configuration: the one place that knows every part. */
export function createApp(first: Snapshot, world: World): CommandApp {
  const { config } = first
  const destination = world.log.isTTY === true ? readableLog(world.log) : world.log
  const logger = createLogger({ level: config.logLevel, destination })
  const live = createLiveConfig({ first, logger, watch: world.watch })
  const dataDirectory = dataFolder(config, world.environment)
  const models = new InstalledModels(dataDirectory)
  const closing = new AbortController()
  const here = openHere({ models, live, logger, closing: closing.signal }, first, world)
  const { engine, local, followModels, modelNames, pulls, provision } = here
  const routing = openRouting({ config: live, local, logger }, world)
  const keeping = { logger, isWanted: () => config.keepResponsesDays > 0 }
  const services = { ...openServices(local, routing, keeping), followModels, pulls }
  const load = (model: string): Promise<void> => loadKnown(model, local, engine)
  let server: DuologueServer | undefined
  return {
    needsKey: config.keys.length > 0,
    listen: async () => {
      requireSafeBind(config)
      for (const note of unusedPreferences(config, await models.list())) world.notify(note)
      await routing.follow()
      server = await createServer({ services, logger, ...doorOf(config), keys: () => routing.state.keys() })
      live.start()
      routing.prune()
      return urlOf(await listen(server, config))
    },
    load,
    loadExpected: () => loadAll([...config.models, ...config.pinnedModels], load),
    modelNames,
    processes: () => engine.status(),
    answer: (request, signal) =>
      services.answer({ request, isStreaming: true }, { signal, circumstances: fromTerminal, isVisible: isAnything }),
    ...answerOwner({ live, routing, explain: services.explainRoute }),
    diagnose: () => diagnose(examineMachine({ ...thisMachine(config), dataDirectory, models, provision })),
    close: async () => {
      live.close()
      // Downloads end at once, so that who follows one hears what is kept before the server is gone.
      await Promise.all([pulls.close(), server?.close()])
      closing.abort()
      await routing.close()
      await engine.close()
    },
  }
}

interface HereParts extends Pick<EngineParts, 'models' | 'logger'> {
  readonly live: LiveConfig
  readonly closing: AbortSignal
}

interface Here extends Pick<EnginePackage, 'provision'> {
  readonly engine: Engine
  readonly local: LocalModels
  readonly followModels: FollowModelsService
  readonly pulls: SharedPulls
  readonly modelNames: () => Promise<readonly string[]>
}

/** Opens what is on this machine: the models, how more come, the engine that answers with them, and the watch over all. */
function openHere({ live, closing, ...parts }: HereParts, first: Snapshot, world: World): Here {
  const { models } = parts
  const { config } = first
  // Asked for with each load, so that a change counts from the next one on.
  const preferences = (model: string) => preferencesOf(model, live.current())
  const keepAliveMsOf = (name: string) => live.current().rules.models.find(({ model }) => model === name)?.keepAliveMs
  const modelNames = async () => (await models.list()).map(({ id }) => id)
  const watch = createModelWatch({
    installed: modelNames,
    loaded: () => engine.status(),
    pulls: () => knownPulls({ models, pulls }),
    installing: () => installedBytes(),
  })
  const noteOf = ({ type, model }: PullNews): void => watch.note({ type, model })
  const pulls: SharedPulls = openPulls(first, { ...world, ...parts, onNews: noteOf })
  const packageMeans = { ...world, signal: closing, onProgress: watch.tell }
  const { provision, installedBytes } = createEnginePackage(config, packageMeans)
  const means = { preferences, keepAliveMsOf, uniqueId, provision, onNews: watch.note }
  const engine: Engine = openEngine(config, { ...world, ...parts, ...means })
  const contextTokens = (model: string, trained: number) => contextTokensFor(trained, preferences(model))
  const local = createLocalModels({ models, backend: engine, contextTokens })
  return { engine, local, followModels: watch.follow, modelNames, pulls, provision }
}

interface OwnersParts {
  readonly live: LiveConfig
  readonly routing: Routing
  readonly explain: ExplainRouteService
}

/** What the owner asks at the terminal about where requests go. */
function answerOwner({ live, routing, explain }: OwnersParts): Pick<CommandApp, 'explainRoute' | 'checkPrivacy'> {
  return {
    explainRoute: async asked => {
      await routing.follow()
      return explain(...readAskedHere(asked, live.current().rules.keys))
    },
    checkPrivacy: async () => {
      await routing.follow()
      const keys = live.current().rules.keys.filter(({ isLocalOnly }) => isLocalOnly === true)
      const { rules } = (await routing.state.view()).rules
      return {
        ways: await routing.state.waysOut(),
        markedLocal: routing.state.markedLocal(),
        keysThatStay: keys.map(({ name }) => name),
        rulesThatKeep: rules.filter(({ isLocalOnly }) => isLocalOnly).map(({ name }) => name),
      }
    },
  }
}

function openServices(
  { cards }: LocalModels,
  routing: Routing,
  keeping: Omit<KeepResponsesOptions, 'table'>,
): Omit<ServerOptions['services'], 'followModels' | 'pulls'> & { answer: AnswerService } {
  const { state, means } = routing
  const view = () => state.view()
  const answering: AnswerOptions = { view, means, record: attempt => routing.note(attempt) }
  return {
    answer: createAnswer(answering),
    exchange: createExchange(answering),
    complete: createComplete(answering),
    countTokens: createCountTokens(answering),
    embed: createEmbed(answering),
    rerank: createRerank({ ...answering, cards }),
    explainRoute: createExplainRoute(view),
    models: createModels({ here: cards, elsewhere: circumstances => state.cards(circumstances) }),
    responses: createKeepResponses({ ...keeping, table: () => routing.responses() }),
  }
}

function doorOf(config: Config): Pick<ServerOptions, 'security' | 'clock' | 'limits'> {
  const { allowedHosts, allowedOrigins, mostWaiting, slots = usualSlots } = config
  return {
    security: { allowedHosts, allowedOrigins },
    limits: { maxInFlight: placesBeside(mostWaiting + slots) },
    clock: { now: () => Date.now(), uniqueId },
  }
}

function thisMachine(config: Config): Pick<Machine, 'availableMemoryBytes' | 'nodeVersion' | 'tryAddress'> {
  return {
    availableMemoryBytes: process.availableMemory(),
    nodeVersion: process.versions.node,
    tryAddress: () => tryAddress(config),
  }
}

async function loadKnown(model: string, { cards }: LocalModels, engine: Engine): Promise<void> {
  // A wrong name is told with the names that exist.
  await createModels({ here: cards, elsewhere: async () => [] }).find(model, fromTerminal)
  await engine.load(model)
}

async function loadAll(models: readonly string[], load: (model: string) => Promise<void>): Promise<readonly string[]> {
  const names = [...new Set(models)]
  // One after the other, so that what each takes is known before the next one is planned.
  for (const name of names) await load(name)
  return names
}

function uniqueId(): string {
  return randomBytes(18).toString('base64url')
}

/* Rules know requests by their protocol; what a person asks at the terminal comes in the richest one. */
const fromTerminal: Circumstances = { protocol: 'anthropic-messages', headers: {}, isStrict: false }

function isAnything(): boolean {
  return true
}
