import type { FromWorker, GenerationTask, WorkerFailure } from '../messages.ts'
import type { Job } from './generation.ts'

/** A request to write an answer, as it comes. */
export interface Arrival {
  readonly id: number
  readonly task: GenerationTask
}

export interface ArrivalsOptions {
  readonly prepare: (arrival: Arrival) => Promise<Job | { readonly failure: WorkerFailure }>
  readonly submit: (job: Job) => void
  readonly send: (message: FromWorker) => void
}

/** Requests on their way to the scheduler. A client may leave while its request is still prepared. */
export interface Arrivals {
  take(arrival: Arrival): Promise<void>
  drop(id: number): void
}

/** Makes the way to the scheduler, which nobody is on yet. */
export function createArrivals({ prepare, submit, send }: ArrivalsOptions): Arrivals {
  const wanted = new Set<number>()
  return {
    take: async arrival => {
      const { id } = arrival
      wanted.add(id)
      const job = await prepare(arrival)
      if (!wanted.delete(id)) return
      if ('failure' in job) return send({ type: 'step', events: [{ type: 'failed', id, ...job }] })
      const { losses } = job.output.constraint
      if (losses.length > 0) send({ type: 'step', events: [{ type: 'planned', id, losses }] })
      submit(job)
    },
    drop: id => void wanted.delete(id),
  }
}
