import type { ProtocolId } from '../core/extras.ts'

/** Which of the fields that were kept go on: all that one holds, some of it, or none because it is said in another way. */
export type Fields = { readonly [field: string]: 'whole' | 'retold' | Fields }

/** The kept fields that go on with a request that must stay: its own, those of its tools, and those within its turns. */
export interface KeptFields {
  readonly request: Fields
  readonly tool: Fields
  readonly turn: Fields
}

const openai: Fields = {
  prompt_cache_options: 'whole',
  prompt_cache_retention: 'whole',
  safety_identifier: 'whole',
  service_tier: 'whole',
  store: 'whole',
}

/**
 * What only a protocol itself can say and what leads nobody elsewhere: it shapes the answer, its cost or what is kept of
 * it. All are fields of the wire that a table of `protocols` tells of, or marks of ours.
 */
export const homeboundFields: Readonly<Record<ProtocolId, KeptFields>> = {
  'anthropic-messages': {
    request: {
      betas: 'whole',
      context_management: 'whole',
      output_config: { effort: 'whole', task_budget: 'whole' },
      service_tier: 'whole',
      speed: 'whole',
      thinking: { block_binding: 'whole' },
    },
    tool: { defer_loading: 'whole', eager_input_streaming: 'whole', input_examples: 'whole' },
    turn: { citations: 'whole', clear_at: 'whole', output_config: { effort: 'whole', task_budget: 'whole' } },
  },
  'openai-chat': {
    request: { ...openai, modalities: 'whole', prediction: 'whole', verbosity: 'whole' },
    tool: { fields: {} },
    turn: {
      role: 'whole',
      refusal: 'whole',
      detail: 'whole',
      fields: { name: 'whole', prompt_cache_breakpoint: 'whole', cache_control: 'retold' },
      message: { name: 'whole' },
    },
  },
  'openai-responses': {
    request: {
      ...openai,
      context_management: 'whole',
      include: 'whole',
      max_tool_calls: 'whole',
      reasoning: { summary: 'whole', generate_summary: 'whole', context: 'whole', mode: 'whole' },
      text: { verbosity: 'whole' },
      truncation: 'whole',
    },
    tool: {},
    turn: {
      role: 'whole',
      refusal: 'whole',
      phase: 'whole',
      detail: 'whole',
      prompt_cache_breakpoint: 'whole',
      type: 'retold',
      name: 'retold',
      namespace: 'retold',
    },
  },
}
