import { createHash } from 'node:crypto'
import type { CountTask, GenerationTask, TextTask } from './messages.ts'

/** Gives a name to a task: two tasks of one model have the same name exactly when they ask for the same. */
export function taskKey(model: string, task: GenerationTask | TextTask | CountTask): string {
  // Who asks and who goes first does not change what is asked.
  const asked = { ...task, priority: undefined, sender: undefined }
  return createHash('sha256')
    .update(JSON.stringify([model, asked]))
    .digest('base64url')
}
