import type { PullProgress } from './pull-model.ts'

/** How far the download of a model is, or what came of it. */
export type PullState =
  | {
      readonly state: 'downloading' | 'verifying'
      readonly receivedBytes: number
      /** Absent while nobody has announced it. */
      readonly totalBytes?: number
      readonly bytesPerSecond?: number
    }
  | { readonly state: 'downloaded' }
  /** What was received is kept for the next pull. */
  | { readonly state: 'stopped'; readonly receivedBytes: number }
  | { readonly state: 'failed'; readonly stage: 'download'; readonly reason: string }

/** A model whose download is as it says. */
export type PullChange = { readonly model: string } & PullState

/** Tells a progress as a state. Who waits for a source, or for another process, has nothing to verify yet. */
export function toPullState({ phase, receivedBytes, totalBytes, bytesPerSecond }: PullProgress): PullState {
  if (phase === 'ready') return { state: 'downloaded' }
  return {
    state: phase === 'verifying' ? 'verifying' : 'downloading',
    receivedBytes,
    ...(totalBytes !== undefined && { totalBytes }),
    ...(bytesPerSecond !== undefined && { bytesPerSecond: Math.round(bytesPerSecond) }),
  }
}
