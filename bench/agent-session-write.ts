import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session, SessionTurn, WireBlock, WireMessage } from './agent-session-requests.ts'

/*
 * Writes test/fixtures/agent-session.json: what a coding agent sends in three conversations that take turns and share a
 * system prompt and tools. `node bench/agent-session-write.ts` writes the same file each time.
 */
const subjects = ['parser', 'scheduler', 'router', 'cache', 'socket', 'ledger', 'index', 'queue', 'template', 'budget']
const verbs = ['reads', 'checks', 'splits', 'keeps', 'sends', 'orders', 'counts', 'closes', 'renames', 'measures']
const places = ['src/core', 'src/engine', 'src/server', 'test/flows', 'docs', 'scripts', 'src/routing', 'bench']

const pick = (words: readonly string[], at: number): string => words[at % words.length] ?? ''

function sentence(at: number): string {
  const [subject, verb, place] = [pick(subjects, at * 7), pick(verbs, at * 3 + 1), pick(places, at * 5 + 2)]
  return `Rule ${at}: the ${subject} in ${place} ${verb} each line once, and says which one it could not read.`
}

function paragraphs(from: number, count: number): string {
  return Array.from({ length: count }, (_, index) => sentence(from + index)).join('\n')
}

const tools = [
  'read_file',
  'write_file',
  'edit_file',
  'list_files',
  'search_text',
  'run_command',
  'fetch_page',
  'ask_user',
].map((name, index) => ({
  name,
  description: `Use ${name} for one thing at a time. ${sentence(900 + index)} ${sentence(950 + index)}`,
  input_schema: {
    type: 'object',
    properties: {
      path: { type: 'string', description: 'where, from the root of the project' },
      text: { type: 'string', description: 'what to look for or to write' },
      limit: { type: 'integer', minimum: 1, maximum: 1000 },
    },
    required: ['path'],
    additionalProperties: false,
  },
}))

/** Ten exchanges of one conversation: the user asks, the agent looks something up and answers. */
function conversation(seed: number): readonly WireMessage[] {
  return Array.from({ length: 10 }, (_, index) => exchange(seed + index * 10, `toolu_${seed}_${index}`)).flat()
}

function exchange(at: number, id: string): readonly WireMessage[] {
  const input = { path: `${pick(places, at)}/${pick(subjects, at)}.ts`, limit: 40 + at }
  const found: WireBlock = { type: 'tool_result', tool_use_id: id, content: paragraphs(at, 3) }
  return [
    { role: 'user', content: [{ type: 'text', text: `What does the ${pick(subjects, at)} do? ${sentence(at)}` }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: `I look into the ${pick(subjects, at)}.` },
        { type: 'tool_use', id, name: 'read_file', input },
      ],
    },
    { role: 'user', content: [found] },
    { role: 'assistant', content: [{ type: 'text', text: `It ${pick(verbs, at)} lines. ${sentence(at + 1)}` }] },
  ]
}

const order = 'abcabcabacbaabbccbcbcbcbca'

/** Each turn of a conversation ends with the next message of the user. */
function turns(): readonly SessionTurn[] {
  const asked = new Map<string, number>()
  const inOrder = [...order].map((name, index): SessionTurn => {
    const turn = asked.get(name) ?? 0
    asked.set(name, turn + 1)
    return {
      conversation: name,
      messages: turn * 2 + 1,
      billing: `cc_version=2.1.330.${(index * 2654435761 + 12345).toString(16).slice(-3)}`,
      ...(index % 5 === 4 && { isToolsReversed: true }),
      ...(index % 4 === 3 && { isKeysReversed: true }),
    }
  })
  const repeated = inOrder.at(-2)
  return repeated
    ? [...inOrder.slice(0, -1), { ...repeated, billing: 'cc_version=2.1.331.fff' }, ...inOrder.slice(-1)]
    : inOrder
}

const session: Session = {
  system: ['You are a careful agent for programmers.', paragraphs(1, 110)],
  tools,
  conversations: { a: conversation(100), b: conversation(300), c: conversation(500) },
  turns: turns(),
}

/* As the formatter has it: a list of one short word stays on its line. */
const text = JSON.stringify(session, undefined, 2).replaceAll(/\[\s+("\w+")\s+\]/g, '[$1]')

await writeFile(join(import.meta.dirname, '..', 'test', 'fixtures', 'agent-session.json'), `${text}\n`)
