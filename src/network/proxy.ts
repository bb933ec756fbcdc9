/** The proxies between this machine and others, as the configuration says. */
export interface ProxySettings {
  readonly httpProxy?: string
  readonly httpsProxy?: string
  readonly noProxy?: string
}

/** Names every setting, so that nothing is read from the environment behind the configuration's back. */
export function proxyOptions({
  httpProxy = '',
  httpsProxy = '',
  noProxy = '',
}: ProxySettings): Required<ProxySettings> {
  return { httpProxy, httpsProxy, noProxy }
}
