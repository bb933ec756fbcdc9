import { InstalledModels } from '../../src/catalog/installed.ts'
import type { Timeouts } from '../../src/core/provider-settings.ts'
import type { RouteMatch, RouteRule } from '../../src/core/route-rules.ts'
import { Secret } from '../../src/core/secret.ts'
import { createLocalModels } from '../../src/services/local-models.ts'
import { openEngine } from './engine.ts'
import type { TestEngine } from './engine.ts'
import type { ModelFolder } from './model-folder.ts'
import { keptStream, play, startUpstream } from './scripted-upstream.ts'
import type { ScriptedUpstream } from './scripted-upstream.ts'
import { serveProviders } from './serve-providers.ts'
import type { ServedProviders, ServeOptions } from './serve-providers.ts'
import { askedOf, inOnePiece } from './speaking.ts'

/**
 * The real engine over real models, and for each name that is asked for a cloud behind it. Where a request must stay,
 * its rule leads to a canary instead, which must see nothing at all.
 */
export interface HelpedEngine extends TestEngine, AsyncDisposable {
  readonly open: ServedProviders
  /** The same models behind a server whose settings let nothing leave. */
  readonly closed: ServedProviders
  readonly cloud: ScriptedUpstream
  readonly canary: ScriptedUpstream
}

/** What the rules for a name say of the model that is here. */
export interface LocalWish {
  /** The model; of the same name, where it is absent. */
  readonly model?: string
  readonly mostWaitMs?: number
  readonly timeouts?: Timeouts
}

export interface HelpOptions {
  /** By the name that is asked for. */
  readonly names: Readonly<Record<string, LocalWish>>
  readonly engine?: Parameters<typeof openEngine>[1]
}

/** The keys of a server with help. The requests of the second one must stay. */
export const openKey = 'client-key-open-21c9'
export const keptKey = 'client-key-kept-83fe'

/** Starts the engine over a folder of models, with help behind it. Nothing is loaded yet. */
export async function serveHelped(
  folder: ModelFolder,
  { names, engine: changes = {} }: HelpOptions,
): Promise<HelpedEngine> {
  const models = new InstalledModels(folder.path)
  const opened = openEngine(async model => (await models.find(model))?.path, changes)
  const { engine } = opened
  const { directory } = createLocalModels({ models, backend: engine, contextTokens: (_, trained) => trained })
  const [cloud, canary] = [await startCloud(), await startCloud()]
  const rules = Object.entries(names).flatMap(([name, wish]) => rulesFor(name, wish))
  const serve = (options: Partial<ServeOptions>, { origin }: ScriptedUpstream) =>
    serveProviders({
      ...options,
      rules,
      directory,
      keys,
      providers: { cloud: at(origin), canary: at(canary.origin) },
      headersAfterMs: patientMs,
    })
  const open = await serve({}, cloud)
  const closed = await serve({ isLocalOnly: true }, canary)
  const close = async () => {
    for (const part of [open, closed, cloud, canary]) await part[Symbol.asyncDispose]()
    await engine.close()
  }
  return { ...opened, open, closed, cloud, canary, [Symbol.asyncDispose]: close }
}

/* On a busy machine, two seconds may pass before anything is heard. */
const patientMs = 30_000

const keys: NonNullable<ServeOptions['keys']> = [
  { name: 'open', key: new Secret(openKey) },
  { name: 'kept', key: new Secret(keptKey), isLocalOnly: true },
]

function at(url: string): ServeOptions['providers'][string] {
  return { kind: 'openai', protocol: 'openai-chat', url, isLocal: false }
}

/** A cloud that calls a tool, in a stream or in one piece, as it is asked. */
async function startCloud(): Promise<ScriptedUpstream> {
  const stream = await keptStream('openai-chat', 'openai-tools.1')
  const whole = await inOnePiece('openai-chat', stream)
  return startUpstream((response, request) => play(askedOf(request).isStreaming ? stream : whole, response, request))
}

function rulesFor(name: string, { model = name, mostWaitMs, timeouts }: LocalWish): readonly RouteRule[] {
  const local = { provider: 'local', model, ...(timeouts && { timeouts }) }
  const rule = (title: string, match: RouteMatch, next: string): RouteRule => ({
    name: `${title} ${name}`,
    match: { ...match, model: { type: 'exact', text: name } },
    targets: [local, { provider: next, model: 'large' }],
    ...(mostWaitMs !== undefined && { mostWaitMs }),
  })
  return [
    { ...rule('private', { headers: { 'x-team': 'legal' } }, 'canary'), isLocalOnly: true },
    rule('keyed', { keys: ['kept'] }, 'canary'),
    rule('headed', { headers: { 'x-duologue-local-only': '*' } }, 'canary'),
    rule('helped', {}, 'cloud'),
  ]
}
