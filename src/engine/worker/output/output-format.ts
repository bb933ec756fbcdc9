/** How a model's family writes what is not plain text. */
export type OutputFormat = TaggedFormat | HarmonyFormat

/** Reasoning and calls between markers, with plain text around them. */
export interface TaggedFormat {
  readonly type: 'tagged'
  readonly thinking?: Tags
  readonly calls?: CallFormat
}

/** Channels of messages: reasoning, calls and the answer proper, as gpt-oss models write them. */
export interface HarmonyFormat {
  readonly type: 'harmony'
}

export interface Tags {
  readonly open: string
  readonly close: string
}

/** Markers around calls, and how a call is written between them. */
export interface CallFormat {
  readonly opens: readonly string[]
  /** Absent where nothing but the end of the call closes it. */
  readonly close?: string
  /**
   * `json`: an object with the name and the arguments. `elements`: `<function=…><parameter=…>` or `<invoke name="…">`.
   * `pairs`: `<arg_key>…<arg_value>…`. `named-json`: the name, then the arguments. `gemma`: bare keys.
   */
  readonly body: 'json' | 'elements' | 'pairs' | 'named-json' | 'gemma'
  /** What stands around strings, where the body is `gemma`. */
  readonly quote?: string
  /** Whether an answer that is one JSON object may be a call without any marker. */
  readonly isBare?: boolean
  /** Whether calls after one marker form a list, where the body is `json`. */
  readonly isList?: boolean
  /** The key of the arguments, where the body is `json` and the key is not `arguments`. */
  readonly argumentsKey?: 'arguments' | 'parameters'
}

export const thinkTags: Tags = { open: '<think>', close: '</think>' }

export const toolCallTags: CallFormat = { opens: ['<tool_call>'], close: '</tool_call>', body: 'json' }

/** The markers that a model's tokenizer may know as tokens of their own, which are not shown as text otherwise. */
export function markersOf(format: OutputFormat): readonly string[] {
  if (format.type === 'harmony') return harmonyMarkers
  const { thinking, calls } = format
  return [
    ...(thinking ? [thinking.open, thinking.close] : []),
    ...(calls?.opens ?? []),
    ...(calls?.close === undefined ? [] : [calls.close]),
    ...(calls?.quote === undefined ? [] : [calls.quote]),
    ...(calls?.body === 'named-json' ? ['[ARGS]', '[CALL_ID]'] : []),
  ]
}

const harmonyMarkers = ['<|start|>', '<|end|>', '<|message|>', '<|channel|>', '<|constrain|>', '<|call|>', '<|return|>']
