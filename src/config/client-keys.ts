import * as z from 'zod'
import { ModelError } from '../core/errors.ts'
import { isPlaceName, placeName } from '../core/place-name.ts'
import type { Secret } from '../core/secret.ts'
import { rename } from './rename.ts'
import { secretText } from './secret-text.ts'
import { noText, oneOf, yes } from './values.ts'

/** A key that clients send, and what holds for those who send it. */
export interface ClientKey {
  /** What rules and logs call it. */
  readonly name: string
  readonly key: Secret
  /** Whether its requests may only go to targets that are marked local. */
  readonly isLocalOnly?: boolean
  readonly priority?: 'high' | 'normal' | 'low'
  /** Whether its requests are refused rather than sent without what their target cannot express. */
  readonly isStrict?: boolean
  /** Whether who sends it may do what only the owner of the server may. */
  readonly isOwner?: boolean
}

/* A client sends it after "Bearer ", where a space would end it. */
const keyText = secretText.refine(key => /^\S+$/.test(key.reveal()), 'it must have no spaces')

const namedKey = z
  .strictObject({
    name: z
      .string({ error: noText })
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'it must be letters, digits, ".", "_" or "-", at most 64')
      .refine(name => !isPlaceName(name), 'it is what a key without a name is called, by its place; choose another')
      .exactOptional(),
    key: keyText,
    'local-only': yes.exactOptional(),
    priority: oneOf('high', 'normal', 'low').exactOptional(),
    strict: yes.exactOptional(),
    owner: yes.exactOptional(),
  })
  .transform(value => rename(value, { 'local-only': 'isLocalOnly', strict: 'isStrict', owner: 'isOwner' }))

/** The list `keys`: keys alone, or keys with names. */
export const keysSchema = z
  .array(z.union([keyText.transform(key => ({ key })), namedKey]))
  .transform((entries: readonly (Omit<ClientKey, 'name'> & { readonly name?: string })[]) =>
    entries.map((entry, index): ClientKey => ({ ...entry, name: entry.name ?? placeName(index) })),
  )
  .superRefine((keys, context) => {
    for (const [index, { name, key }] of keys.entries()) {
      const earlier = keys.slice(0, index)
      if (earlier.some(other => other.name === name))
        context.addIssue({ code: 'custom', path: [index], message: `the name "${name}" belongs to a key before it` })
      if (earlier.some(other => other.key.reveal() === key.reveal()))
        context.addIssue({ code: 'custom', path: [index], message: 'the same key is here twice; which name holds?' })
    }
  })

/** Finds the key of a name. Throws `not-found`, naming those that there are. */
export function findKey(name: string, keys: readonly ClientKey[]): ClientKey {
  const known = keys.find(key => key.name === name)
  if (known) return known
  const names = keys.map(key => key.name).join(', ') || 'none'
  throw new ModelError('not-found', `there is no key of the name ${JSON.stringify(name)}; the keys are: ${names}`)
}
