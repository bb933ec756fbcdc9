import * as z from 'zod'
import { Secret } from '../core/secret.ts'
import { noText } from './values.ts'

const mostLetters = 16_384

/** A key or a token. An empty one would open what it is to close, and a line break would end the header it is sent in. */
export const secretText = z
  .string({ error: noText })
  .min(1, 'it must not be empty')
  .max(mostLetters, `it must have at most ${mostLetters} letters`)
  .refine(text => !/\p{Cc}/u.test(text), 'it must have no line breaks and no control characters')
  .transform(text => new Secret(text))
