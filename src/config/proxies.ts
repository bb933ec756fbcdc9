import type { Config } from './config.ts'

/** The proxies that were set. */
export type Proxies = { readonly [Name in 'httpProxy' | 'httpsProxy' | 'noProxy']?: string }

/** Gives the proxies of a configuration. */
export function proxiesOf({ httpProxy, httpsProxy, noProxy }: Config): Proxies {
  return {
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    ...(noProxy !== undefined && { noProxy }),
  }
}
