import type { ProviderSettings } from '../../core/provider-settings.ts'
import { Secret } from '../../core/secret.ts'
import type { Kind } from '../provider.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

// What programs need to run, to find their libraries, graphics cards, models and proxies. Tokens are not among them.
const needed =
  /^(?:path|pathext|home|user|username|logname|shell|lang|language|lc_\w+|tz|temp|tmp|tmpdir|systemroot|windir|comspec|appdata|localappdata|programdata|programfiles.*|userprofile|homedrive|homepath|xdg_cache_home|xdg_runtime_dir|ld_library_path|dyld_\w+|cuda_(?:visible_devices|path|home|device_order)|nvidia_visible_devices|(?:hip|rocr)_visible_devices|ggml_vk_visible_devices|omp_num_threads|hf_(?:home|hub_cache|hub_offline|endpoint)|ssl_cert_(?:file|dir)|no_proxy)$/i

/** Gives the variables of an engine: what it needs of ours, and what its owner set. Keys of ours are not among them. */
export function engineVariables(
  environment: Environment,
  { key, command }: ProviderSettings,
  { keyVariable, isLocalEngine }: Kind,
): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && needed.test(entry[0]),
  )
  // An engine that has a key asks for it; what we send is then what it expects.
  const own = isLocalEngine === true && key && keyVariable !== undefined ? { [keyVariable]: key.reveal() } : {}
  return { ...Object.fromEntries(kept), ...own, ...command?.environment }
}

const secretName = /(?:^|[-_])(?:key|token|secret|passw(?:or)?d|credentials?)$/i

/** Gives what an engine must not be heard saying. */
export function engineSecrets({ key, headers, command }: ProviderSettings): readonly Secret[] {
  const variables = Object.entries(command?.environment ?? {}).filter(([name]) => secretName.test(name))
  return [
    ...(key ? [key] : []),
    ...Object.values(headers ?? {}),
    ...variables.map(([, value]) => new Secret(value)),
    ...argumentSecrets(command?.arguments ?? []),
  ]
}

/* Whoever writes a key as an argument shows it to every program of the machine; it need not be in the log too. */
function argumentSecrets(words: readonly string[]): readonly Secret[] {
  return words.flatMap((word, at) => {
    const [, name = '', value = ''] = /^(-[^=]+)=(.*)$/s.exec(word) ?? []
    if (secretName.test(name)) return [new Secret(value)]
    const before = words[at - 1] ?? ''
    return /^-[^=]+$/.test(before) && secretName.test(before) && !word.startsWith('-') ? [new Secret(word)] : []
  })
}
