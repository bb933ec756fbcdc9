/**
 * Holds what we send to and read from a Responses upstream against the types of the official SDK. A new version of it
 * that can say more than we know, or that would not send what we send, fails to compile here.
 */
import type OpenAI from 'openai'
import type { Json } from '../../src/core/json.ts'
import type {
  FunctionCallItem,
  FunctionCallOutputItem,
  FunctionTool,
  InputFile,
  InputImage,
  InputText,
  OutputPart,
  Reasoning,
  ReasoningItem,
  TextFormat,
  ToolChoiceOption,
  wireFields,
} from '../../src/protocols/openai-responses/wire.ts'

/** The same type, unchangeable, with JSON in the place of what the SDK leaves open. */
type Plain<T> = unknown extends T
  ? Json
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : { readonly [Key in keyof T]: Plain<T[Key]> }

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the constraint is the check
function none<_Missing extends never>(): void {}
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the constraint is the check
function accepts<_Wide, _Narrow extends _Wide>(): void {}

type Known = typeof wireFields
type Params = OpenAI.Responses.ResponseCreateParams
type Item<Type extends string> = Extract<OpenAI.Responses.ResponseOutputItem, { type: Type }>

// What may be sent is known to us, field by field.
none<Exclude<keyof Params, keyof Known['request']>>()
none<Exclude<keyof OpenAI.Reasoning, keyof Known['reasoning']>>()
none<Exclude<keyof OpenAI.Responses.FunctionTool, keyof Known['function_tool']>>()
none<Exclude<keyof OpenAI.Responses.EasyInputMessage, keyof Known['message']>>()
none<Exclude<OpenAI.Responses.ResponseInputContent['type'], keyof Known['input_part']>>()
none<Exclude<keyof OpenAI.Responses.ResponseInputItem.FunctionCallOutput, keyof Known['function_call_output']>>()

// What we send is what the SDK would send.
accepts<Plain<OpenAI.Responses.FunctionTool>, FunctionTool>()
accepts<Plain<Params['tool_choice']>, ToolChoiceOption>()
accepts<Plain<OpenAI.Reasoning>, Reasoning>()
accepts<Plain<OpenAI.Responses.ResponseFormatTextConfig>, TextFormat>()
accepts<Plain<OpenAI.Responses.ResponseInputText>, InputText>()
accepts<Plain<OpenAI.Responses.ResponseInputImage>, InputImage>()
accepts<Plain<OpenAI.Responses.ResponseInputFile>, InputFile>()
accepts<Plain<OpenAI.Responses.ResponseFunctionToolCall>, FunctionCallItem>()
accepts<
  Plain<OpenAI.Responses.ResponseInputItem.FunctionCallOutput>,
  FunctionCallOutputItem & { readonly output: string }
>()
accepts<Plain<OpenAI.Responses.ResponseReasoningItem>, ReasoningItem>()
accepts<
  Plain<OpenAI.Responses.ResponseOutputText | OpenAI.Responses.ResponseOutputRefusal>['type'],
  OutputPart['type']
>()

// What an upstream may answer is known to us, but for what only repeats the request or follows from it.
none<Exclude<keyof Item<'function_call'>, keyof Known['function_call']>>()
none<Exclude<keyof Item<'reasoning'>, keyof Known['reasoning_item']>>()
none<Exclude<keyof OpenAI.Responses.ResponseOutputText, keyof Known['output_text']>>()
none<Exclude<keyof OpenAI.Responses.ResponseUsage, keyof Known['usage']>>()
none<
  Exclude<
    keyof OpenAI.Responses.Response,
    | keyof Known['response']
    | keyof Params
    | 'completed_at'
    | 'created_at'
    | 'input_transformations'
    | 'object'
    | 'output_text'
    | 'prompt_cache_diagnostics'
    | 'tool_usage'
  >
>()
none<Exclude<OpenAI.Responses.ResponseStreamEvent['type'], keyof Known['event'] | PassedOver>>()

/** Sound, which no request of ours asks for, and how the upstream's own tools get on. */
type PassedOver =
  | `response.${'audio' | 'audio.transcript'}.${string}`
  | `response.${'code_interpreter_call' | 'code_interpreter_call_code' | 'file_search_call'}.${string}`
  | `response.${'image_generation_call' | 'mcp_call' | 'mcp_call_arguments' | 'mcp_list_tools'}.${string}`
  | `response.${'shell_call_command' | 'shell_call_output_content' | 'web_search_call'}.${string}`
  | 'response.compaction.compacting'
