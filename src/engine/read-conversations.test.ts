import { expect, test } from 'vitest'
import { askFor } from '../../test/support/engine.ts'
import type { ModelRequest } from '../core/request.ts'
import { createReadConversations } from './read-conversations.ts'

const long = 'word '.repeat(2000)

function turn(role: 'user' | 'assistant', text: string, marks = {}): ModelRequest['messages'][number] {
  return { role, content: [{ type: 'text', text, ...marks }] }
}

function conversation(...messages: readonly ModelRequest['messages'][number][]): ModelRequest {
  return askFor('', { messages })
}

test('of a conversation that is new everything is unread', () => {
  expect(createReadConversations().unreadShare(askFor(long))).toBe(1)
})

test('of a conversation that goes on only what was added is unread', () => {
  const read = createReadConversations()
  read.note(conversation(turn('user', long)))
  const next = conversation(turn('user', long), turn('assistant', 'Yes.'), turn('user', 'And?'))
  expect(read.unreadShare(next)).toBeGreaterThan(0)
  expect(read.unreadShare(next)).toBeLessThan(0.03)
  read.note(next)
  expect(read.unreadShare(next)).toBe(0)
})

test('marks of what is to be kept move from turn to turn and change nothing', () => {
  const read = createReadConversations()
  read.note(conversation(turn('user', long, { cache: { ttl: '5m' } })))
  expect(read.unreadShare(conversation(turn('user', long)))).toBe(0)
})

test('another beginning, another tool and another model make a conversation new', () => {
  const read = createReadConversations()
  const known = conversation(turn('user', long))
  read.note(known)
  const tools = [{ name: 'look', inputSchema: {} }]
  expect(read.unreadShare(conversation(turn('user', `!${long}`)))).toBeGreaterThan(0.9)
  expect(read.unreadShare({ ...known, tools })).toBe(1)
  expect(read.unreadShare({ ...known, model: 'other' })).toBe(1)
})

test('what a model read is forgotten with its process, and the oldest of very much', () => {
  const read = createReadConversations()
  const known = conversation(turn('user', long))
  read.note(known)
  for (let other = 0; other < 5000; other += 1) read.note(conversation(turn('user', `${other}`)))
  expect(read.unreadShare(known)).toBeGreaterThan(0.9)
  read.note(known)
  read.forget('tiny')
  expect(read.unreadShare(known)).toBe(1)
})
