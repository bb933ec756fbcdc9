/**
 * Holds our wire types against those of the official SDK. A new version of it that can say more than we know,
 * or that reads otherwise what we write, fails to compile here.
 */
import type OpenAI from 'openai'
import type { Json } from '../../src/core/json.ts'
import type {
  AssistantMessage,
  AudioPart,
  ChatChunk,
  ChatCompletion,
  ChatMessage,
  ChatRequest,
  ChoiceLogprobs,
  CustomTool,
  Delta,
  FilePart,
  FinishReason,
  FunctionMessage,
  FunctionTool,
  FunctionToolCall,
  ImagePart,
  RefusalPart,
  ResponseFormatOption,
  StreamOptions,
  SystemMessage,
  TextPart,
  ToolCallDelta,
  ToolChoiceOption,
  ToolMessage,
  UserMessage,
} from '../../src/protocols/openai-chat/wire.ts'
import type { ErrorObject } from '../../src/protocols/openai-error-words.ts'
import type { LogprobEntry } from '../../src/protocols/openai-logprobs.ts'
import type { CompletionUsage } from '../../src/protocols/openai-usage.ts'

/** The same type, unchangeable, with JSON in the place of what the SDK leaves open. */
type Plain<T> = unknown extends T
  ? Json
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : { readonly [Key in keyof T]: Plain<T[Key]> }

type Keys<T> = T extends unknown ? keyof T : never

/** The fields of the SDK's type that ours lacks and that are not left out on purpose. */
type Missing<Theirs, Ours, LeftOut extends string = never> = Exclude<Keys<Theirs>, Keys<Ours> | LeftOut>

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the constraint is the check
function none<_Missing extends never>(): void {}
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the constraint is the check
function accepts<_Wide, _Narrow extends _Wide>(): void {}

type Params = OpenAI.Chat.Completions.ChatCompletionCreateParams

// What a client may send is known to us, field by field.
none<Missing<Params, ChatRequest>>()
none<Missing<OpenAI.ChatCompletionStreamOptions, StreamOptions>>()
none<Missing<OpenAI.ChatCompletionSystemMessageParam, SystemMessage>>()
none<Missing<OpenAI.ChatCompletionDeveloperMessageParam, SystemMessage>>()
none<Missing<OpenAI.ChatCompletionUserMessageParam, UserMessage>>()
none<Missing<OpenAI.ChatCompletionAssistantMessageParam, AssistantMessage>>()
none<Missing<OpenAI.ChatCompletionToolMessageParam, ToolMessage>>()
none<Missing<OpenAI.ChatCompletionFunctionMessageParam, FunctionMessage>>()
none<Missing<OpenAI.ChatCompletionContentPartText, TextPart>>()
none<Missing<OpenAI.ChatCompletionContentPartImage, ImagePart>>()
none<Missing<OpenAI.ChatCompletionContentPartInputAudio, AudioPart>>()
none<Missing<OpenAI.ChatCompletionContentPart.File, FilePart>>()
none<Missing<OpenAI.ChatCompletionContentPart.File.File, FilePart['file']>>()
none<Missing<OpenAI.ChatCompletionContentPartRefusal, RefusalPart>>()
none<Missing<OpenAI.ChatCompletionTool, FunctionTool | CustomTool>>()
none<Missing<OpenAI.FunctionDefinition, FunctionTool['function']>>()
none<Missing<OpenAI.ResponseFormatJSONSchema['json_schema'], JsonSchema>>()

type JsonSchema = Extract<ResponseFormatOption, { json_schema: unknown }>['json_schema']

// Every value that a client may send fits our types.
accepts<ChatRequest['reasoning_effort'], Params['reasoning_effort']>()
accepts<ChatRequest['verbosity'], Params['verbosity']>()
accepts<ChatRequest['modalities'], Plain<Params['modalities']>>()
accepts<ChatRequest['stop'], Plain<Params['stop']>>()
accepts<ChatRequest['tools'], Plain<Params['tools']>>()
accepts<ChatRequest['tool_choice'], Plain<Params['tool_choice']>>()
accepts<ChatRequest['response_format'], Plain<Params['response_format']>>()
accepts<ChatMessage['role'], OpenAI.ChatCompletionMessageParam['role']>()
accepts<UserMessage['content'], Plain<OpenAI.ChatCompletionUserMessageParam['content']>>()
accepts<AssistantMessage['content'], Plain<OpenAI.ChatCompletionAssistantMessageParam['content']>>()
accepts<ToolMessage['content'], Plain<OpenAI.ChatCompletionToolMessageParam['content']>>()

// What we send to an upstream is what the SDK would send.
accepts<Plain<OpenAI.ChatCompletionTool>, FunctionTool>()
accepts<Plain<OpenAI.ChatCompletionToolChoiceOption>, ToolChoiceOption>()
accepts<Plain<Params['response_format']>, ResponseFormatOption>()
accepts<Plain<OpenAI.ChatCompletionMessageToolCall>, FunctionToolCall>()
accepts<Plain<OpenAI.ChatCompletionContentPart>, TextPart | ImagePart | AudioPart | FilePart>()
accepts<Plain<OpenAI.ChatCompletionContentPartRefusal>, RefusalPart>()

// What we answer is what the SDK reads.
accepts<Plain<OpenAI.ChatCompletion>, ChatCompletion>()
accepts<Plain<OpenAI.ChatCompletionChunk>, ChatChunk>()
accepts<Plain<OpenAI.CompletionUsage>, CompletionUsage>()
accepts<Plain<OpenAI.ChatCompletionTokenLogprob>, LogprobEntry>()
accepts<Plain<OpenAI.ErrorObject>, ErrorObject>()
accepts<FinishReason, OpenAI.ChatCompletion.Choice['finish_reason']>()

// What an upstream may answer is known to us, or left out on purpose: no request of ours asks for it.
none<Missing<OpenAI.ChatCompletion, ChatCompletion, 'metadata' | 'moderation' | 'service_tier'>>()
none<Missing<OpenAI.ChatCompletionChunk, ChatChunk, 'moderation' | 'obfuscation' | 'service_tier'>>()
none<
  Missing<
    OpenAI.ChatCompletion.Choice['message'],
    ChatCompletion['choices'][number]['message'],
    'annotations' | 'audio' | 'function_call'
  >
>()
none<Missing<OpenAI.ChatCompletionChunk.Choice.Delta, Delta, 'audio' | 'function_call'>>()
none<Missing<OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall, ToolCallDelta, 'custom'>>()
none<Missing<OpenAI.ChatCompletion.Choice.Logprobs, ChoiceLogprobs>>()
none<Missing<OpenAI.ChatCompletionTokenLogprob, LogprobEntry>>()
none<Missing<OpenAI.CompletionUsage, CompletionUsage>>()
none<
  Missing<OpenAI.CompletionUsage.PromptTokensDetails, PromptDetails, 'audio_tokens' | 'image_tokens' | 'text_tokens'>
>()
none<
  Missing<
    OpenAI.CompletionUsage.CompletionTokensDetails,
    CompletionDetails,
    'accepted_prediction_tokens' | 'audio_tokens' | 'rejected_prediction_tokens' | 'text_tokens'
  >
>()
none<Missing<OpenAI.ErrorObject, ErrorObject, 'misalignment'>>()

type PromptDetails = NonNullable<CompletionUsage['prompt_tokens_details']>
type CompletionDetails = NonNullable<CompletionUsage['completion_tokens_details']>
