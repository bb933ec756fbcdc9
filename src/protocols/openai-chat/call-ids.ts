const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const length = 9

/** Gives the id of a call in nine letters and digits: the same for the same id, and most likely another for another. */
export function shortCallId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  let hash = fnv1a(id)
  let short = ''
  for (let at = 0; at < length; at += 1) {
    short += digits.charAt(Number(hash % 62n))
    hash /= 62n
  }
  return short
}

/** The hash of Fowler, Noll and Vo, in 64 bits. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (let at = 0; at < text.length; at += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n)
  }
  return hash
}
