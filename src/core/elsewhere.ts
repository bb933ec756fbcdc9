/** Where a provider is that counts as local although it is not on this machine, because its owner marked it so. */
export type Elsewhere = 'cloud' | 'public-address' | 'other-machine'

/** Says in words why requests to such a provider leave this machine. */
export function whyElsewhere(elsewhere: Elsewhere, kind: string): string {
  switch (elsewhere) {
    case 'cloud':
      return `its kind ${kind} is a cloud`
    case 'public-address':
      return 'its address is on the internet'
    case 'other-machine':
      return 'its address is another machine’s'
  }
}

/** Says what the owner of such a provider should know. Another machine of his is what the mark is for. */
export function elsewhereWarning(elsewhere: Elsewhere | undefined, kind: string): string | undefined {
  if (elsewhere === undefined || elsewhere === 'other-machine') return undefined
  return `it is marked local, and ${whyElsewhere(elsewhere, kind)}: what must not leave your machines goes there too`
}
