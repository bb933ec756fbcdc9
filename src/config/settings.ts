import * as z from 'zod'
import { adapter } from './adapter-setting.ts'
import { duration, durationOrNever, memorySize, memorySizeOrNone } from './quantities.ts'
import type { Setting } from './setting.ts'
import { list, number, oneOf, url, wholeNumber, words, yes } from './values.ts'

/** All settings of the program, each with its sources. Flags go before variables, variables before fallbacks. */
export const settings = {
  configFile: {
    schema: words,
    flag: '--config',
    variable: 'DUOLOGUE_CONFIG_FILE',
    fileKey: false,
    about: 'the configuration file; by default duologue.yaml in the user’s configuration folder, where there is one',
  },
  host: {
    schema: z.string().min(1).max(253, 'it must be an address or a name'),
    flag: '--host',
    variable: 'DUOLOGUE_HOST',
    fallback: '127.0.0.1',
    about: 'the address to listen on',
  },
  port: {
    schema: wholeNumber(0, 65_535),
    flag: '--port',
    variable: 'DUOLOGUE_PORT',
    fallback: 7272,
    about: 'the port to listen on',
  },
  keys: {
    schema: list,
    flag: '--key',
    variable: 'DUOLOGUE_KEYS',
    fallback: [],
    about: 'a key that clients must send; give it again for more keys',
    isSecret: true,
  },
  allowsNoKeys: {
    schema: yes,
    flag: '--insecure-no-auth',
    variable: 'DUOLOGUE_INSECURE_NO_AUTH',
    fallback: false,
    about: 'listen on a public address without keys',
  },
  isLocalOnly: {
    schema: yes,
    variable: 'DUOLOGUE_LOCAL_ONLY',
    fallback: false,
    about: 'whether only targets that are marked local may answer, whatever rules say',
  },
  isStrict: {
    schema: yes,
    variable: 'DUOLOGUE_STRICT',
    fallback: false,
    about: 'whether a request is refused rather than sent without what its target cannot express',
  },
  allowedHosts: {
    schema: list,
    flag: '--allowed-host',
    variable: 'DUOLOGUE_ALLOWED_HOSTS',
    fallback: [],
    about: 'a name that clients may reach this server by, besides localhost; give it again for more',
  },
  allowedOrigins: {
    schema: list,
    flag: '--allowed-origin',
    variable: 'DUOLOGUE_ALLOWED_ORIGINS',
    fallback: [],
    about: 'a web origin whose pages may call this server; give it again for more',
  },
  models: {
    schema: list,
    flag: '--model',
    variable: 'DUOLOGUE_MODELS',
    fileKey: 'load',
    fallback: [],
    about: 'a model to load before the first request; give it again for more',
  },
  pinnedModels: {
    schema: list,
    flag: '--pin',
    variable: 'DUOLOGUE_PINS',
    fileKey: 'pin',
    fallback: [],
    about: 'a model to load before the first request and never to unload; give it again for more',
  },
  keepAliveMs: {
    schema: durationOrNever,
    flag: '--keep-alive',
    variable: 'DUOLOGUE_KEEP_ALIVE',
    fallback: '5m',
    about: 'how long a model without requests stays loaded: 30s, 5m, 2h, 0 or never',
  },
  memoryBytes: {
    schema: memorySize,
    flag: '--memory',
    variable: 'DUOLOGUE_MEMORY',
    about: 'memory for all loaded models together, as 12GiB; by default what is available at the start',
  },
  mostWaiting: {
    schema: wholeNumber(1, 100_000),
    flag: '--queue',
    variable: 'DUOLOGUE_QUEUE',
    fallback: 512,
    about: 'requests that wait for one model; more are refused as overloaded',
  },
  queueTimeoutMs: {
    // Less than a second would refuse requests that need not wait at all.
    schema: duration.refine(milliseconds => milliseconds >= 1000, 'it must be at least 1s'),
    flag: '--queue-timeout',
    variable: 'DUOLOGUE_QUEUE_TIMEOUT',
    fallback: '2m',
    about: 'how long a request waits for memory, and then for its turn, before it is refused as overloaded',
  },
  attach: {
    schema: oneOf('never', 'resent', 'always'),
    flag: '--attach',
    variable: 'DUOLOGUE_ATTACH',
    fallback: 'resent',
    about: 'which requests follow a running one that asks for the same: never, resent or always',
  },
  attachGraceMs: {
    schema: duration,
    flag: '--attach-grace',
    variable: 'DUOLOGUE_ATTACH_GRACE',
    fallback: '0',
    about: 'how long an answer goes on for a client that left and may send its request again',
  },
  contextTokens: {
    schema: wholeNumber(1, 16_777_216),
    flag: '--context',
    variable: 'DUOLOGUE_CONTEXT',
    about: 'tokens of prompt and answer together, for each answer; by default what the model and the memory allow',
  },
  slots: {
    schema: wholeNumber(1, 64),
    flag: '--slots',
    variable: 'DUOLOGUE_SLOTS',
    about: 'answers written at once by one model; by default up to 8, as the memory allows',
  },
  threads: {
    schema: wholeNumber(1, 1024),
    flag: '--threads',
    variable: 'DUOLOGUE_THREADS',
    about: 'threads that compute; by default all performance cores but one',
  },
  slowdown: {
    schema: number(2, 1000),
    flag: '--slowdown',
    variable: 'DUOLOGUE_SLOWDOWN',
    fallback: 3,
    about: 'how many times longer than usual a token may take while other prompts are read; more reads them faster',
  },
  gpuLayers: {
    schema: wholeNumber(0, 10_000),
    flag: '--gpu-layers',
    variable: 'DUOLOGUE_GPU_LAYERS',
    about: 'layers on the graphics processor; by default as many as fit',
  },
  cacheType: {
    schema: oneOf('f16', 'q8_0', 'q4_0'),
    flag: '--kv-cache',
    variable: 'DUOLOGUE_KV_CACHE',
    fallback: 'f16',
    about: 'how keys and values are stored: f16, q8_0 in half the memory, or q4_0 in a quarter; both read slower',
  },
  flashAttention: {
    schema: oneOf('auto', 'on', 'off'),
    flag: '--flash-attention',
    variable: 'DUOLOGUE_FLASH_ATTENTION',
    fallback: 'auto',
    about: 'whether attention is computed piece by piece: auto, on or off',
  },
  adapters: {
    schema: list.pipe(z.array(adapter)),
    flag: '--lora',
    variable: 'DUOLOGUE_LORAS',
    fileKey: false,
    fallback: [],
    about: 'a LoRA adapter for a model, as MODEL=FILE or MODEL=FILE:SCALE; give it again for more',
  },
  cacheMemoryBytes: {
    schema: memorySizeOrNone,
    variable: 'DUOLOGUE_CACHE_MEMORY',
    about: 'memory for conversations that make way for others, as 4GiB or 0; by default a tenth of what is free',
  },
  cacheDiskBytes: {
    schema: memorySizeOrNone,
    variable: 'DUOLOGUE_CACHE_DISK',
    about: 'disk for the same, when that memory is full or the server stops; by default a tenth of what is free',
  },
  normaliseOff: {
    schema: list,
    variable: 'DUOLOGUE_NORMALISE_OFF',
    fallback: [],
    about: 'rules that make prompts stable and are not to be applied, by name (docs/cache.md)',
  },
  confinesModels: {
    schema: yes,
    variable: 'DUOLOGUE_CONFINE',
    fallback: true,
    about: 'whether models’ processes start without network and core dumps, where the system can do that',
  },
  engineBuild: {
    schema: oneOf('cpu', 'cuda', 'vulkan', 'metal'),
    variable: 'DUOLOGUE_ENGINE_BUILD',
    about: 'the native build to install; by default the one that the machine can use',
  },
  dataDirectory: {
    schema: words,
    variable: 'DUOLOGUE_DATA',
    about: 'the folder of models and of the engine; by default the user’s data folder',
  },
  databaseUrl: {
    schema: z.string().regex(/^postgres(ql)?:\/\/./, 'it must be a postgres:// address'),
    variable: 'DATABASE_URL',
    about: 'the Postgres database for what commands set up; by default a file in the data folder',
    isSecret: true,
  },
  databaseUrlFile: {
    schema: words,
    variable: 'DATABASE_URL_FILE',
    fileKey: false,
    about: 'a file that holds that address',
  },
  keepResponsesDays: {
    schema: wholeNumber(0, 3650),
    variable: 'DUOLOGUE_KEEP_RESPONSES_DAYS',
    fallback: 30,
    about: 'days after their last use for which responses are stored that clients want stored; 0 stores none',
  },
  responsesBytes: {
    schema: memorySize,
    variable: 'DUOLOGUE_RESPONSES_SIZE',
    fallback: '1GiB',
    about: 'room for stored responses; those that were not used for longest make way',
  },
  masterKey: {
    schema: words,
    variable: 'DUOLOGUE_MASTER_KEY',
    about: 'the key that seals secrets in the database: 64 hexadecimal digits or keychain; by default it is in a file',
    isSecret: true,
    openWord: 'keychain',
  },
  masterKeyFile: {
    schema: words,
    fileKey: false,
    variable: 'DUOLOGUE_MASTER_KEY_FILE',
    about: 'a file that holds that key',
  },
  logLevel: {
    schema: oneOf('silent', 'error', 'warn', 'info', 'debug'),
    flag: '--log-level',
    variable: 'DUOLOGUE_LOG_LEVEL',
    fallback: 'info',
    about: 'how much is logged: silent, error, warn, info or debug',
  },
  hubEndpoint: {
    schema: url,
    variable: 'HF_ENDPOINT',
    fallback: 'https://huggingface.co',
    about: 'the address of Hugging Face or of a mirror',
  },
  hubToken: { schema: words, variable: 'HF_TOKEN', about: 'the Hugging Face token', isSecret: true },
  hubHome: { schema: words, variable: 'HF_HOME', about: 'the folder of the Hugging Face cache' },
  httpProxy: { schema: url, variable: 'HTTP_PROXY', about: 'the proxy for http addresses', isSecret: true },
  httpsProxy: { schema: url, variable: 'HTTPS_PROXY', about: 'the proxy for https addresses', isSecret: true },
  noProxy: { schema: z.string(), variable: 'NO_PROXY', about: 'names that are reached without a proxy' },
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof settings

// oxlint-disable-next-line no-unsafe-type-assertion -- the table's own keys
export const settingNames: readonly SettingName[] = Object.keys(settings) as SettingName[]
