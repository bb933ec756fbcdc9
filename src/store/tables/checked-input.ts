import type * as z from 'zod'
import { ModelError } from '../../core/errors.ts'

/** Refuses to keep what could not be read again. The message names the place. */
export function checkInput<Value>(value: unknown, schema: z.ZodType<Value>, what: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path.map(String) ?? []
  const place = path.length > 0 ? `${path.join('.')} ` : ''
  throw new ModelError('invalid-request', `${what}: ${place}is not what it must be, or larger than allowed`, {
    ...(path.length > 0 && { field: path }),
  })
}
