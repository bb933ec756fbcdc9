// The import law. docs/architecture.md draws it; test/house/import-law.test.ts plants a violation of each rule.

/** What each folder of src may import besides itself. A folder that is not listed may not exist. */
export const mayImport = {
  core: [],
  gguf: ['core'],
  network: ['core'],
  protocols: ['core'],
  engine: ['core', 'gguf'],
  providers: ['core', 'protocols', 'network'],
  routing: ['core'],
  config: ['core'],
  store: ['core'],
  telemetry: ['core'],
  catalog: ['core', 'gguf', 'network', 'config', 'store'],
  services: ['core', 'gguf', 'routing', 'catalog', 'config', 'store', 'telemetry'],
  server: ['core', 'protocols', 'services', 'telemetry'],
  cli: ['core', 'services', 'config'],
}

/** Which folders may touch which part of the outside world. Names are of packages and of Node's own modules. */
export const owners = {
  'node-llama-cpp': ['engine'],
  sqlite: ['store'],
  'better-sqlite3': ['store'],
  kysely: ['store'],
  pg: ['store'],
  '@napi-rs': ['store'],
  fastify: ['server'],
  '@fastify': ['server'],
  http: ['server'],
  https: ['server'],
  undici: ['catalog', 'providers'],
  '@pydantic': ['providers'],
  yauzl: ['catalog'],
  yaml: ['config'],
  'eventsource-parser': ['protocols'],
  re2js: ['routing'],
  commander: ['cli'],
  pino: ['telemetry'],
  // A request must never reach a process: only an engine, a provider's own command, a download, a person at a terminal
  // and the way to the keychain start one.
  child_process: ['engine', 'providers', 'catalog', 'cli', 'store'],
}

const folders = Object.keys(mayImport)
const isTest = String.raw`\.test\.ts$`

const reachesOnly = ([folder, others]) => ({
  name: `${folder}-imports-only-${others.join('-') || 'itself'}`,
  comment: 'Each folder of src imports only those that docs/architecture.md draws below it.',
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...others].join('|')})/` },
})

const hasOwner = ([outside, where]) => ({
  name: `${outside}-only-in-${where.join('-')}`,
  comment: 'Each part of the outside world has its own folder, so that it can be replaced or watched in one place.',
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/(${where.join('|')})/`, isTest] },
  to: { path: `(^|node_modules/|^node:)${outside}(/|$)` },
})

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Two files that need each other are one idea, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(mayImport).map(reachesOnly),
    ...Object.entries(owners).map(hasOwner),
    {
      name: 'no-unknown-folder',
      comment: 'A new folder of src gets its line in mayImport first.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/[^/]+/', pathNot: `^src/(${folders.join('|')})/` },
    },
    {
      name: 'no-import-by-unknown-folder',
      comment: 'A new folder of src gets its line in mayImport first.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${folders.join('|')})/` },
      to: {},
    },
    {
      name: 'app-only-for-main',
      comment: 'What composes the program knows everybody, so nobody but the program itself may know it.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: isTest },
      to: {
        path: String.raw`^src/(app|ask-running|engine-means|listen|open-engine|open-pulls|open-routing|open-rules)\.ts$`,
      },
    },
    {
      name: 'main-for-nobody',
      comment: 'main.ts runs on import.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: String.raw`^src/main\.ts$` },
    },
    {
      name: 'a-protocol-does-not-know-another',
      comment: 'Protocols meet in core.',
      severity: 'error',
      from: { path: '^src/protocols/([^/]+)/' },
      to: { path: '^src/protocols/[^/]+/', pathNot: '^src/protocols/$1/' },
    },
    {
      name: 'what-protocols-share-knows-none',
      comment: 'Framing and parsing serve every protocol alike.',
      severity: 'error',
      from: { path: String.raw`^src/protocols/[^/]+\.ts$`, pathNot: isTest },
      to: { path: '^src/protocols/[^/]+/' },
    },
    {
      name: 'a-protocol-is-its-index',
      comment: 'The index of a protocol is its codec; the files behind it are its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/protocols/', isTest] },
      to: { path: '^src/protocols/[^/]+/', pathNot: String.raw`^src/protocols/[^/]+/index\.ts$` },
    },
    {
      name: 'no-node-in-pure-folders',
      comment: 'core and protocols run anywhere: they get bytes and give bytes.',
      severity: 'error',
      from: { path: '^src/(core|protocols)/', pathNot: isTest },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-package-in-core',
      comment: 'core is the vocabulary and imports nothing at all.',
      severity: 'error',
      from: { path: '^src/core/', pathNot: isTest },
      to: { pathNot: '^src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'protocols-import-only-zod-and-eventsource-parser',
      comment: 'A wire format needs a schema and a framing, and no more.',
      severity: 'error',
      from: { path: '^src/protocols/', pathNot: isTest },
      to: { path: 'node_modules/', pathNot: 'node_modules/(zod|eventsource-parser)/' },
    },
    {
      name: 'no-development-code',
      comment: 'What is shipped needs nothing that is only installed for development.',
      severity: 'error',
      from: { path: '^src/', pathNot: isTest },
      to: { path: [String.raw`^(test|bench|scripts|examples)/`, isTest] },
    },
    {
      name: 'no-development-package',
      comment: 'What is shipped needs nothing that is only installed for development.',
      severity: 'error',
      from: { path: '^src/', pathNot: isTest },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dangling-import',
      comment: 'node-llama-cpp is installed on first use and may be absent here.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^node-llama-cpp(/|$)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', '^test/'] },
    builtInModules: { add: ['sqlite', 'node:sqlite'] },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
