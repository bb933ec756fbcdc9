import type * as z from 'zod'
import { ModelError } from '../../core/errors.ts'

/* For what a schema has no words of its own. */
const unfit = 'it is not what it must be, or larger than allowed'

/** Refuses to keep what could not be read again. The message names the place and what belongs there. */
export function checkInput<Value>(value: unknown, schema: z.ZodType<Value>, what: string): Value {
  const parsed = schema.safeParse(value, { error: () => unfit })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.map(String) ?? []
  const place = path.length > 0 ? `${path.join('.')} is not usable: ` : ''
  throw new ModelError('invalid-request', `${what}: ${place}${issue?.message ?? unfit}`, {
    ...(path.length > 0 && { field: path }),
  })
}
