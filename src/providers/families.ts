import type { Capabilities } from '../core/capabilities.ts'

/** What is claimed of a family of models: what its maker's documents say, and nothing where they are silent. */
type Claims = Pick<Capabilities, 'tools' | 'vision' | 'documents'>

interface Family {
  readonly names: RegExp
  readonly claims: Claims
}

const all: Claims = { tools: true, vision: true, documents: true }
const sees: Claims = { tools: true, vision: true }
const readsOnly: Claims = { tools: true, vision: false, documents: false }

/* Those that see take PDF files too: https://developers.openai.com/docs/guides/pdf-files */
const openai: readonly Family[] = [
  // They hear, speak, draw or search, and each takes something else.
  { names: /-(audio|realtime|transcribe|tts|image|search|instruct)/, claims: {} },
  { names: /^(o1-mini|o1-preview)/, claims: { tools: false, vision: false, documents: false } },
  { names: /^(o3-mini|gpt-3\.5-turbo|gpt-4(-0\d{3}|-32k.*|-1106-preview|-turbo-preview)?$)/, claims: readsOnly },
  { names: /^gpt-4-turbo/, claims: sees },
  { names: /^(chatgpt-4o|gpt-5-chat)/, claims: { vision: true } },
  { names: /^(gpt-4o|gpt-4\.1|gpt-[56]|o1|o3|o4-mini)(?![0-9a-z])/, claims: all },
]

/*
 * By maker, as the data on prices calls it; the first family that fits decides. Makers whose lists tell it themselves, as
 * OpenRouter and Mistral, need none, and hosts of open models name them each in their own way.
 */
const families: Readonly<Record<string, readonly Family[]>> = {
  // https://platform.claude.com/docs/en/about-claude/models/overview and /build-with-claude/pdf-support
  anthropic: [{ names: /^claude-(3|opus|sonnet|haiku|fable)-/, claims: all }],
  openai,
  // Deployments mostly bear the name of their model.
  azure: openai,
  // https://ai.google.dev/gemini-api/docs/models
  google: [
    { names: /-(image|tts|live|audio|native-audio|embedding|computer-use)/, claims: {} },
    { names: /^gemini-(1\.5|[2-9]|pro|flash)/, claims: sees },
  ],
  // https://docs.x.ai/docs/models
  'x-ai': [
    { names: /-(image|imagine|video)/, claims: {} },
    { names: /^grok-(4|2-vision)/, claims: sees },
    { names: /^grok-(2|3|code)(?![0-9a-z])/, claims: { tools: true, vision: false } },
  ],
  // https://api-docs.deepseek.com/quick_start/pricing
  deepseek: [
    { names: /^deepseek-(v4-)?flash/, claims: sees },
    { names: /^deepseek-v4-pro/, claims: { tools: true, vision: false } },
  ],
}

/** Gives what the family of a model is known to take; nothing for a model of none. */
export function claimsOf(maker: string, model: string): Claims {
  const known = Object.hasOwn(families, maker) ? families[maker] : undefined
  return known?.find(({ names }) => names.test(model))?.claims ?? {}
}
