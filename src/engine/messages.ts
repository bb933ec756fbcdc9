import type { CacheReport } from '../core/cache-report.ts'
import type { ErrorCode, ErrorKind, FieldPath } from '../core/errors.ts'
import type { TokenLogprob } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { Priority, Sampling } from '../core/request.ts'
import type { StopReason } from '../core/stop.ts'
import type { CacheType, StateSize } from '../gguf/memory.ts'
import type { Adapter } from './adapters.ts'
import type { FlashAttention } from './attention.ts'
import type { ChatPrompt } from './chat-prompt.ts'
import type { Pacing } from './pacing.ts'
import type { PromptPart } from './prompt-parts.ts'
import type { RawPrompt } from './raw-prompt.ts'
import type { ReadPiece } from './reading-rate.ts'

/** What decides, with the model itself, what tokens evaluate to. */
export interface Computation {
  /** How keys and values are stored. */
  readonly cacheType: CacheType
  readonly flashAttention: FlashAttention
  readonly adapters: readonly Adapter[]
}

/** What a model is made for: to write answers, to turn texts into vectors, or to score texts against a query. */
export type ModelUse = 'answers' | 'vectors' | 'scores'

/** What a model's child process is started with. Sizes are in tokens. */
export interface LoadSettings extends Computation {
  readonly modelPath: string
  /** The folder of the engine package, as provisioned. */
  readonly packageDirectory: string
  /** Prompt and answer together, for each slot. */
  readonly contextTokens: number
  /** How many answers are written at once. */
  readonly slots: number
  /** The most tokens evaluated in one step. */
  readonly batchTokens: number
  readonly pacing: Pacing
  /** Absent means all performance cores but one. */
  readonly threads?: number
  /** Those that read large pieces of prompts; absent means as many as `threads` says, or all performance cores. */
  readonly promptThreads?: number
  readonly use: ModelUse
  /** Layers on the graphics processor, as the owner wants it; absent means as many as fit. */
  readonly gpuLayers?: number
  /** The most of them that are planned for, where the owner says nothing. */
  readonly mostGpuLayers?: number
  /** Where conversations are written away; nowhere by default. */
  readonly archive?: ArchiveSettings
}

/** Where conversations are written away, and how large they are. */
export interface ArchiveSettings {
  readonly places: ArchivePlaces
  readonly stateSize: StateSize
}

/** Where conversations are written away: to the machine's memory first, then to disk. */
export interface ArchivePlaces {
  readonly memory?: ArchivePlace
  readonly disk?: ArchivePlace
}

/** A folder of one model's own, and how much may lie in it. */
export interface ArchivePlace {
  readonly directory: string
  readonly maxBytes: number
}

/** What went wrong with a place that worked before, in words for the log. It is left alone for a while. */
export interface PlaceTrouble {
  readonly place: keyof ArchivePlaces
  readonly problem: string
}

/** What the gateway says to a child, one JSON value a line. */
export type ToWorker =
  | { readonly type: 'load'; readonly settings: LoadSettings }
  | { readonly type: 'generate'; readonly id: number; readonly task: GenerationTask }
  | ({ readonly id: number } & CountTask)
  | ({ readonly id: number } & TextTask)
  | { readonly type: 'cancel'; readonly id: number }
  /** Nobody reads the answer for now: no more of it is to be written until it is resumed. */
  | { readonly type: 'pause'; readonly id: number }
  | { readonly type: 'resume'; readonly id: number }

/** What a child is asked to count the tokens of. */
export interface CountTask {
  readonly type: 'count'
  readonly prompt: ChatPrompt
}

/** What a child is asked to make of texts: a vector of each, or a score of each against a query, as a vector of one. */
export type TextTask =
  | { readonly type: 'embed'; readonly texts: readonly string[] }
  | { readonly type: 'rank'; readonly query: string; readonly documents: readonly string[] }

/** What a child is asked to write. An absent `maxTokens` means: to the end of the context. */
export interface GenerationTask {
  readonly prompt: ChatPrompt | RawPrompt
  /** The blocks that the prompt is made of, to be found again in it. */
  readonly parts: readonly PromptPart[]
  /** How long the whole prompt is to be kept, where the client wants that. */
  readonly keepAllForMs?: number
  readonly sampling: Sampling
  /** They apply to the text that is shown, not to reasoning and calls. */
  readonly stopSequences: readonly string[]
  readonly maxTokens?: number
  /** The most tokens of reasoning; the answer goes on without more of it. */
  readonly thinkingTokens?: number
  /** How many of the likeliest tokens to tell beside each one that is shown; absent means no log-probabilities. */
  readonly topLogprobs?: number
  readonly priority?: Priority
  /** Whose turn it takes, where several clients wait. */
  readonly sender?: string
}

/** What is known of a model once it is loaded. */
export interface WorkerInfo {
  readonly contextTokens: number
  readonly slots: number
  readonly threads: number
  /** The processor features that the native build uses, as llama.cpp lists them. */
  readonly system: string
  readonly use: ModelUse
  /** How many numbers its vectors have; absent for a model that makes none. */
  readonly vectorLength?: number
}

/** What a child says to the gateway, one JSON value a line; all events of one step share a line. */
export type FromWorker =
  | { readonly type: 'progress'; readonly fraction: number }
  | { readonly type: 'ready'; readonly info: WorkerInfo }
  /** The engine does not say why it makes no context; that there is no memory for it is the usual cause. */
  | { readonly type: 'load-failed'; readonly message: string; readonly isContextRefused: boolean }
  | ({ readonly type: 'cache-trouble' } & PlaceTrouble)
  | { readonly type: 'count'; readonly id: number; readonly result: CountResult }
  /** Comes once for each text, in their order, up to the first failure. */
  | { readonly type: 'embedding'; readonly id: number; readonly result: EmbeddingResult }
  | StepNews

/** What a child is asked that loads nothing: which graphics processors there are. */
export interface Survey {
  readonly type: 'survey'
  readonly packageDirectory: string
}

/** What it found; nothing where none can be used. */
export interface Surveyed {
  readonly type: 'surveyed'
  readonly graphics?: Graphics
}

/** The memory of all graphics processors together. */
export interface Graphics {
  /** Less what the native library leaves free. */
  readonly freeBytes: number
  /** Whether some of it is main memory. */
  readonly isUnified: boolean
}

/** What happened since the last of these. */
export interface StepNews {
  readonly type: 'step'
  readonly events: readonly GenerationEvent[]
  /** The size of the step that begins, zero after the last one; absent where it is about no step. */
  readonly evaluates?: number
  /** How many bytes are written away or brought back before there is a step; absent where none are. */
  readonly moves?: number
  /** What was read of prompts, in all the time that they waited for it. */
  readonly read?: ReadPiece
  /** The prompts that are being read, and how many tokens of them are left; absent where there are none. */
  readonly reading?: { readonly prompts: number; readonly tokens: number }
}

export type CountResult = { readonly tokens: number } | { readonly failure: WorkerFailure }

export type EmbeddingResult = EmbeddedText | { readonly failure: WorkerFailure }

/** One text as a vector. */
export interface EmbeddedText {
  /** The bytes of its 32-bit floats in base64, in this machine's order. */
  readonly vector: string
  readonly tokens: number
}

/** One thing that happened to one generation. */
export type GenerationEvent =
  /** Comes first, where the model cannot be held to all that was asked. */
  | { readonly type: 'planned'; readonly id: number; readonly losses: readonly Loss[] }
  /** It has a place, and waits until another prompt has read what both begin with. */
  | { readonly type: 'held'; readonly id: number }
  | {
      readonly type: 'started'
      readonly id: number
      readonly report: CacheReport
      /** Tokens newly evaluated up to the last breakpoint; absent where the request sets none. */
      readonly written?: CacheWrites
    }
  | {
      readonly type: 'text'
      readonly id: number
      readonly text: string
      /** The tokens that begin in this text, where they were asked for. */
      readonly logprobs?: readonly TokenLogprob[]
    }
  | { readonly type: 'thinking'; readonly id: number; readonly text: string }
  | { readonly type: 'call-start'; readonly id: number; readonly name: string }
  | { readonly type: 'call-arguments'; readonly id: number; readonly json: string }
  | { readonly type: 'call-end'; readonly id: number }
  | {
      readonly type: 'ended'
      readonly id: number
      readonly reason: StopReason
      readonly sequence?: string
      readonly outputTokens: number
      /** Those of the output tokens that are reasoning. */
      readonly thinkingTokens: number
      /** What of the answer does not match what was asked for. */
      readonly losses?: readonly Loss[]
    }
  | { readonly type: 'failed'; readonly id: number; readonly failure: WorkerFailure }

/** What breakpoints cost. */
export interface CacheWrites {
  readonly tokens: number
  /** Those of them that are kept for an hour. */
  readonly hourTokens: number
}

/** A `ModelError` on its way between processes. `detail` is for the log, never for a client. */
export interface WorkerFailure {
  readonly kind: ErrorKind
  readonly message: string
  readonly code?: ErrorCode
  readonly field?: FieldPath
  readonly detail?: string
}
