/*
 * Holds the wire against the types of the official SDK, in its two major versions. Nothing here runs: a field, a
 * block or an event that a new version of the SDK has and the wire lacks is an error of the type check, by name.
 */
import type * as Beta1 from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type * as Sdk1 from '@anthropic-ai/sdk/resources/messages/messages'
import type * as Beta0 from 'anthropic-sdk-0/resources/beta/messages/messages'
import type * as Sdk0 from 'anthropic-sdk-0/resources/messages/messages'
import type {
  opaqueBlockTypes,
  opaqueResultTypes,
  WireBlock,
  WireDelta,
  WireError,
  WireEvent,
  wireFields,
  WireMessage,
} from '../../src/protocols/anthropic-messages/wire.ts'

type Fields = typeof wireFields

/** What is left where there is nothing left. */
type None<T extends never> = T

type KeysOf<T> = T extends unknown ? keyof T : never

/** The fields of the SDK's type that the wire does not have. */
type Missing<Theirs, Group extends keyof Fields> = Exclude<KeysOf<Theirs>, keyof Fields[Group]>

type OfType<T, Type extends string> = Extract<T, { type: Type }>

/* Requests: what the SDK can send. */

type Params =
  | Sdk0.MessageCreateParams
  | Sdk1.MessageCreateParams
  | Beta0.MessageCreateParams
  | Beta1.MessageCreateParams
export type MissingInRequest = None<Missing<Params, 'request'>>
type CountParams =
  | Sdk0.MessageCountTokensParams
  | Sdk1.MessageCountTokensParams
  | Beta0.MessageCountTokensParams
  | Beta1.MessageCountTokensParams
export type MissingInCount = None<Missing<CountParams, 'request'>>

type MessageParam = Sdk0.MessageParam | Sdk1.MessageParam | Beta0.BetaMessageParam | Beta1.BetaMessageParam
export type MissingInMessage = None<Missing<MessageParam, 'message'>>
export type MissingRole = None<Exclude<MessageParam['role'], 'user' | 'assistant' | 'system'>>

type BlockParam =
  | Sdk0.ContentBlockParam
  | Sdk1.ContentBlockParam
  | Beta0.BetaContentBlockParam
  | Beta1.BetaContentBlockParam
type ReadBlock =
  | 'text'
  | 'image'
  | 'document'
  | 'search_result'
  | 'thinking'
  | 'redacted_thinking'
  | 'tool_use'
  | 'tool_result'
export type MissingBlock = None<Exclude<BlockParam['type'], ReadBlock | (typeof opaqueBlockTypes)[number]>>
export type MissingInText = None<Missing<OfType<BlockParam, 'text'>, 'text'>>
export type MissingInImage = None<Missing<OfType<BlockParam, 'image'>, 'image'>>
export type MissingInDocument = None<Missing<OfType<BlockParam, 'document'>, 'document'>>
export type MissingInSearchResult = None<Missing<OfType<BlockParam, 'search_result'>, 'search_result'>>
export type MissingInThinking = None<Missing<OfType<BlockParam, 'thinking'>, 'thinking'>>
export type MissingInRedacted = None<Missing<OfType<BlockParam, 'redacted_thinking'>, 'redacted_thinking'>>
export type MissingInToolUse = None<Missing<OfType<BlockParam, 'tool_use'>, 'tool_use'>>
export type MissingInToolResult = None<Missing<OfType<BlockParam, 'tool_result'>, 'tool_result'>>
export type MissingInCache = None<Missing<NonNullable<OfType<BlockParam, 'text'>['cache_control']>, 'cache_control'>>
export type MissingInSource = None<
  Missing<OfType<BlockParam, 'image'>['source'] | OfType<BlockParam, 'document'>['source'], 'source'>
>

type ResultContent = Exclude<OfType<BlockParam, 'tool_result'>['content'], string | undefined>[number]
type ReadResult = 'text' | 'image' | 'document' | 'search_result'
export type MissingResult = None<Exclude<ResultContent['type'], ReadResult | (typeof opaqueResultTypes)[number]>>

type ToolParam = Sdk0.ToolUnion | Sdk1.ToolUnion | Beta0.BetaToolUnion | Beta1.BetaToolUnion
type ClientTool = Exclude<ToolParam, { type: RefusedTool }>
type KnownTool =
  | 'custom'
  | 'bash_20241022'
  | 'bash_20250124'
  | 'text_editor_20241022'
  | 'text_editor_20250124'
  | 'text_editor_20250429'
  | 'text_editor_20250728'
  | 'memory_20250818'
  | 'computer_20241022'
  | 'computer_20250124'
  | 'computer_20251124'
/** Tools that Anthropic's servers run, and sets of tools that come and go as one: refused by name. */
type RefusedTool =
  | `web_search_${number}`
  | `web_fetch_${number}`
  | `code_execution_${number}`
  | `advisor_${number}`
  | 'tool_search_tool_bm25'
  | 'tool_search_tool_regex'
  | `tool_search_tool_${string}`
  | 'mcp_toolset'
  | 'browser_toolset_20260801'
  | 'computer_toolset_20260801'
export type MissingTool = None<Exclude<NonNullable<ToolParam['type']>, KnownTool | RefusedTool>>
export type MissingInTool = None<Missing<ClientTool, 'tool'>>

type Choice = Sdk0.ToolChoice | Sdk1.ToolChoice | Beta0.BetaToolChoice | Beta1.BetaToolChoice
export type MissingInChoice = None<Missing<Choice, 'tool_choice'>>
export type MissingChoice = None<Exclude<Choice['type'], 'auto' | 'any' | 'tool' | 'none'>>

type ThinkingConfig =
  | Sdk0.ThinkingConfigParam
  | Sdk1.ThinkingConfigParam
  | Beta0.BetaThinkingConfigParam
  | Beta1.BetaThinkingConfigParam
export type MissingInThinkingConfig = None<Missing<ThinkingConfig, 'thinking_config'>>
export type MissingThinking = None<
  Exclude<ThinkingConfig['type'], 'enabled' | 'disabled' | 'adaptive' | 'between_tools'>
>

type OutputConfig = Sdk0.OutputConfig | Sdk1.OutputConfig | Beta0.BetaOutputConfig | Beta1.BetaOutputConfig
export type MissingInOutputConfig = None<Missing<OutputConfig, 'output_config'>>
export type MissingInFormat = None<Missing<NonNullable<OutputConfig['format']>, 'format'>>
export type MissingEffort = None<
  Exclude<NonNullable<OutputConfig['effort']>, 'low' | 'medium' | 'high' | 'xhigh' | 'max'>
>
type Metadata = Sdk0.Metadata | Sdk1.Metadata | Beta0.BetaMetadata | Beta1.BetaMetadata
export type MissingInMetadata = None<Missing<Metadata, 'metadata'>>

/* Answers: what the SDK can read. */

type Message = Sdk0.Message | Sdk1.Message | Beta0.BetaMessage | Beta1.BetaMessage
export type MissingInAnswer = None<Missing<Message, 'answer'>>
type Usage =
  | Message['usage']
  | Sdk0.MessageDeltaUsage
  | Sdk1.MessageDeltaUsage
  | Beta0.BetaMessageDeltaUsage
  | Beta1.BetaMessageDeltaUsage
export type MissingInUsage = None<Missing<Usage, 'usage'>>
export type MissingInStopDetails = None<Missing<NonNullable<Message['stop_details']>, 'stop_details'>>
export type MissingStop = None<Exclude<Message['stop_reason'], WireMessage['stop_reason']>>
type Event =
  | Sdk0.RawMessageStreamEvent
  | Sdk1.RawMessageStreamEvent
  | Beta0.BetaRawMessageStreamEvent
  | Beta1.BetaRawMessageStreamEvent
export type MissingEvent = None<Exclude<Event['type'], keyof Fields['event']>>
type Delta = OfType<Event, 'content_block_delta'>['delta']
export type MissingDelta = None<Exclude<Delta['type'], keyof Fields['delta']>>
export type UnsaidDelta = None<Exclude<Delta['type'], WireDelta['type']>>

/* What is written must be what the SDK declares, but for what is known to differ: `citations` is left out. */

type DeepMutable<T> = T extends readonly (infer Item)[]
  ? DeepMutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: DeepMutable<T[Key]> }
    : T

type SaidBlock<Type extends string> = DeepMutable<Exclude<OfType<WireBlock, Type>, never>>

export const asThinking = (block: SaidBlock<'thinking'>): Sdk0.ThinkingBlock & Sdk1.ThinkingBlock => block
export const asRedacted = (
  block: SaidBlock<'redacted_thinking'>,
): Sdk0.RedactedThinkingBlock & Sdk1.RedactedThinkingBlock => block
export const asToolUse = (block: SaidBlock<'tool_use'>): Sdk0.ToolUseBlock & Sdk1.ToolUseBlock => block
export const asText = (
  block: Omit<SaidBlock<'text'>, 'citations'>,
): Omit<Sdk0.TextBlock & Sdk1.TextBlock, 'citations'> => block
export const asUsage = (usage: DeepMutable<WireMessage['usage']>): Sdk0.Usage & Sdk1.Usage => usage

// `compaction` and categories to come are said in the upstream's own word.
type Checked = Omit<DeepMutable<WireMessage>, 'content' | 'stop_reason' | 'stop_details'>
type Declared = Omit<Sdk0.Message & Sdk1.Message, 'content' | 'stop_reason' | 'stop_details'>
export const asMessage = (message: Checked): Declared => message

type Ended = DeepMutable<OfType<WireEvent, 'message_delta'>>
export const asDeltaUsage = (usage: Ended['usage']): Sdk0.MessageDeltaUsage & Sdk1.MessageDeltaUsage => usage
export const asStopDelta = (
  delta: Ended['delta'],
): Pick<Beta1.BetaRawMessageDeltaEvent.Delta, 'stop_sequence' | 'container' | 'stop_reason'> => delta

type SaidDelta<Type extends string> = DeepMutable<OfType<WireDelta, Type>>
export const asTextDelta = (delta: SaidDelta<'text_delta'>): Sdk0.TextDelta & Sdk1.TextDelta => delta
export const asInputDelta = (delta: SaidDelta<'input_json_delta'>): Sdk0.InputJSONDelta & Sdk1.InputJSONDelta => delta
export const asThinkingDelta = (delta: SaidDelta<'thinking_delta'>): Sdk0.ThinkingDelta & Sdk1.ThinkingDelta => delta
export const asSignatureDelta = (delta: SaidDelta<'signature_delta'>): Sdk0.SignatureDelta & Sdk1.SignatureDelta =>
  delta
export const asError = (error: WireError): { type: 'error'; request_id: string | null } => error
