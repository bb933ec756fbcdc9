import { expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { CheckedOutput } from './checked-output.ts'
import { joinEvents, wholeCall } from './output/output-event.ts'
import type { OutputEvent } from './output/output-event.ts'

const schema: JsonObject = {
  type: 'object',
  properties: { path: { type: 'string' }, line: { type: 'integer' } },
  required: ['path'],
  additionalProperties: false,
}
const read = { field: 'tools.0.inputSchema', schema }
const shape = { field: 'responseFormat.schema', schema }
const ofCalls = { calls: new Map([['read', read]]) }
const ofText = { calls: new Map(), text: shape }

const text = (words: string): OutputEvent => ({ type: 'text', text: words })

test('a call that is checked is told once it is whole, as it was written where it matches', () => {
  const checked = new CheckedOutput(ofCalls, { holdsText: true })
  const [start, written, end] = wholeCall('read', '{ "path": "a" }')
  expect(checked.pass([start, written].flatMap(event => event ?? []))).toEqual([])
  expect(checked.pass([end].flatMap(event => event ?? []))).toEqual(wholeCall('read', '{ "path": "a" }'))
  expect(checked.losses).toEqual([])
})

test('a call of any other tool is passed on as it comes', () => {
  const said = wholeCall('look', '{"at":"x"}').slice(0, 2)
  expect(new CheckedOutput(ofCalls, { holdsText: true }).pass(said)).toEqual(said)
})

test('a call is mended where that makes it match', () => {
  const checked = new CheckedOutput(ofCalls, { holdsText: true })
  const said = wholeCall('read', '{"path":"a","line":"5","why":"x"}')
  expect(checked.pass(said)).toEqual(wholeCall('read', '{"path":"a","line":5}'))
  expect(checked.losses).toEqual([])
})

test('a call that lacks what its tool requires is told with a loss that names the fault', () => {
  const checked = new CheckedOutput(ofCalls, { holdsText: true })
  const said = wholeCall('read', '{"line":5}')
  expect(checked.pass(said)).toEqual(said)
  expect(checked.losses).toEqual([
    {
      field: 'tools.0.inputSchema',
      action: 'degraded',
      why: `the arguments of 'read' did not match the schema: it must have "path"`,
    },
  ])
})

test('a call that is cut off is told as far as it goes, and is no loss', () => {
  const checked = new CheckedOutput(ofCalls, { holdsText: true })
  const said = wholeCall('read', '{"line":5,"pa')
  expect(checked.end(said, true)).toEqual(said)
  expect(checked.losses).toEqual([])
})

test('text that is checked is told at the end, mended', () => {
  const checked = new CheckedOutput(ofText, { holdsText: true })
  expect(checked.pass([text('{"path":'), text('1}')])).toEqual([])
  expect(checked.end([], false)).toEqual([text('{"path":"1"}')])
  expect(checked.losses).toEqual([])
})

test('text comes before the call that follows it', () => {
  const checked = new CheckedOutput(ofText, { holdsText: true })
  const call = wholeCall('look', '{"at":1}')
  expect(checked.end([text('{"path":"a"}'), ...call], false)).toEqual([text('{"path":"a"}'), ...call])
})

test('text that cannot wait is told as it comes, and what would have to be mended is a loss', () => {
  const checked = new CheckedOutput(ofText, { holdsText: false })
  const said = [text('{"path":'), text('1}')]
  expect(joinEvents([...checked.pass(said), ...checked.end([], false)])).toEqual([text('{"path":1}')])
  expect(checked.losses).toMatchObject([{ field: 'responseFormat.schema', action: 'degraded' }])
})
