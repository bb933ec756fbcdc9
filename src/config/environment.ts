/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process. Nothing else reads them. */
export function processEnvironment(): Environment {
  return process.env
}

const childVariables = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_PATH',
  'GGML_VK_VISIBLE_DEVICES',
] as const

/** The variables that a model's process needs. Keys and tokens are not among them. */
export function engineEnvironment(environment: Environment): Readonly<Record<string, string>> {
  return pick(environment, childVariables)
}

const keychainVariables = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'LD_LIBRARY_PATH',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'SystemRoot',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
] as const

/** The variables that lead to the user's keychain. */
export function keychainEnvironment(environment: Environment): Readonly<Record<string, string>> {
  return pick(environment, keychainVariables)
}

function pick(environment: Environment, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap(name => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
