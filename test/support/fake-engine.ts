// An engine that does as its arguments say, and as the last message of each request does.
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    says: { type: 'string' },
    'exit-with': { type: 'string' },
    'unwell-ms': { type: 'string', default: '0' },
    'ignores-term': { type: 'boolean', default: false },
    'has-child': { type: 'boolean', default: false },
  },
})

if (values.says !== undefined) console.error(values.says)
if (values['exit-with'] !== undefined) process.exit(Number(values['exit-with']))
if (values['ignores-term']) process.on('SIGTERM', () => console.error('does not want to end'))
const child = values['has-child']
  ? spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  : undefined

let isWell = false
setTimeout(() => (isWell = true), Number(values['unwell-ms']))

createServer((request, response) => {
  if (request.url === '/health') return isWell ? response.end() : response.writeHead(503).end()
  if (request.url === '/v1/models') return sendJson(response, { data: [{ id: 'm-1' }] })
  const pieces: Buffer[] = []
  request.on('data', piece => pieces.push(piece))
  request.on('end', () => answer(Buffer.concat(pieces).toString(), response))
}).listen(Number(values.port), '127.0.0.1', () => console.log(`listens at ${values.port}`))

function answer(body: string, response: ServerResponse): void {
  if (body.includes('please hang')) {
    isWell = false
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  say(response, JSON.stringify({ processId: process.pid, childId: child?.pid, environment: process.env }))
  if (body.includes('please crash')) {
    response.write(':\n\n', () => process.exit(3))
    return
  }
  if (body.includes('please wait')) return
  const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
  response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`)
}

function say(response: ServerResponse, content: string): void {
  const chunk = { id: 'c-1', model: 'm-1', choices: [{ index: 0, delta: { role: 'assistant', content } }] }
  response.write(`data: ${JSON.stringify(chunk)}\n\n`)
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
