import type { ModelError } from '../core/errors.ts'
import type { HostExit } from './host-exit.ts'
import type { LoadPlan } from './load-plan.ts'
import type { PlaceTrouble } from './messages.ts'

/** What happens to models, for the log and for progress displays. */
export type PoolNews =
  | { readonly type: 'waiting'; readonly model: string }
  | { readonly type: 'loading'; readonly model: string; readonly plan: LoadPlan }
  | { readonly type: 'progress'; readonly model: string; readonly fraction: number }
  | { readonly type: 'ready'; readonly model: string; readonly processId: number | undefined }
  /** It could not be loaded as planned. It is tried with less, if there is less to try. */
  | { readonly type: 'refused'; readonly model: string; readonly plan: LoadPlan; readonly error: ModelError }
  | { readonly type: 'failed'; readonly model: string; readonly error: ModelError }
  | { readonly type: 'crashed'; readonly model: string; readonly exit: HostExit }
  | { readonly type: 'leaving'; readonly model: string; readonly for: string }
  | { readonly type: 'unloaded'; readonly model: string; readonly why: 'idle' | 'room' }
  | {
      readonly type: 'cache-trouble'
      readonly model: string
      readonly place: PlaceTrouble['place']
      readonly problem: string
    }
  | { readonly type: 'gone'; readonly model: string }
