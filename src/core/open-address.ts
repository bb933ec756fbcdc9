const secretName = /auth|key|token|secret|password|signature|credential/i

/**
 * Says what of a secret stands in an address, which is shown, logged and kept openly; nothing where it holds none, or
 * is no address at all.
 */
export function secretIn(address: string): 'password' | 'key' | undefined {
  const url = URL.parse(address)
  if (url === null) return undefined
  if (url.username !== '' || url.password !== '') return 'password'
  return [...url.searchParams.keys()].some(name => secretName.test(name)) ? 'key' : undefined
}
