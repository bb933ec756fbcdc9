import type { EngineExit } from './engine-process.ts'

/** What happens to an engine that Duologue starts, for the log. What it says itself has no secrets of its owner in it. */
export type EngineNews = { readonly provider: string } & (
  | { readonly type: 'starting'; readonly port: number }
  | { readonly type: 'ready'; readonly tookMs: number; readonly processId: number | undefined }
  /** It did not become ready. */
  | { readonly type: 'failed'; readonly why: string; readonly lastWords: string }
  /** It ended by itself after it was ready. */
  | ({ readonly type: 'crashed'; readonly lastWords: string } & EngineExit)
  | { readonly type: 'stopped'; readonly why: 'idle' | 'closed' | 'hung' }
  | { readonly type: 'line'; readonly line: string }
)

export type TellEngineNews = (news: EngineNews) => void
