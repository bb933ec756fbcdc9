/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Gives the variables that npm needs: where it is at home, how it reaches its registry, and whom it trusts.
 * Keys of cloud providers and all else stay with us. Settings of an npm that started us, which say what and where that
 * one installs, are dropped too.
 */
export function npmEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isNpms(entry[0].toLowerCase()),
  )
  return Object.fromEntries(entries)
}

function isNpms(name: string): boolean {
  if (name.startsWith('npm_config_')) return !othersBusiness.has(name.slice('npm_config_'.length).replaceAll('-', '_'))
  return allowed.has(name)
}

const allowed: ReadonlySet<string> = new Set([
  'path',
  'home',
  'user',
  'logname',
  'tmpdir',
  'temp',
  'tmp',
  'lang',
  'lc_all',
  'xdg_cache_home',
  'xdg_config_home',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'node_extra_ca_certs',
  'node_use_system_ca',
  'ssl_cert_file',
  'ssl_cert_dir',
  // What Windows programs cannot start without.
  'appdata',
  'localappdata',
  'comspec',
  'pathext',
  'programdata',
  'systemdrive',
  'systemroot',
  'userprofile',
  'windir',
])

const othersBusiness: ReadonlySet<string> = new Set([
  'global',
  'location',
  'prefix',
  'local_prefix',
  'workspace',
  'workspaces',
  'include',
  'omit',
  'only',
  'production',
  'dev',
  'dry_run',
  'package_lock',
  'package_lock_only',
  'install_strategy',
  'install_links',
  'legacy_peer_deps',
  'ignore_scripts',
  'json',
  'loglevel',
  'long',
  'parseable',
])
