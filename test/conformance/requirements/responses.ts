import type { Requirement } from './requirement.ts'

/** What clients of OpenAI's Responses rely on. */
export const responsesRequirements: readonly Requirement[] = [
  {
    id: 'R01',
    source: 'OpenAI API reference, Create a model response',
    behaviour: 'A response has the fields of one, and counts that add up.',
    provenBy: ['a response has the fields of one, and counts that add up'],
  },
  {
    id: 'R02',
    source: 'OpenAI API reference, Create a model response',
    behaviour: 'Input is text or items; a message may be short or long.',
    provenBy: ['text is the same as a string, as a message and as a part'],
  },
  {
    id: 'R03',
    source: 'OpenAI API reference, Create a model response',
    behaviour: 'Instructions and messages of the developer instruct.',
    provenBy: ['instructions and a message of the developer instruct alike'],
  },
  {
    id: 'R10',
    source: 'OpenAI API reference, Responses streaming events',
    behaviour: 'Events are numbered without a gap, and items, parts and pieces follow each other as the SDK demands.',
    provenBy: ['the events of a stream come in the one order that clients read'],
  },
  {
    id: 'R11',
    source: 'OpenAI docs, Function calling',
    behaviour: 'Functions and custom tools are called where they must be; tools that run elsewhere do no harm.',
    provenBy: [
      'a tool that must be called is called, as its schema says, streamed and not',
      'a custom tool is called with its text',
    ],
  },
  {
    id: 'R12',
    source: 'OpenAI docs, Reasoning models',
    behaviour: 'Items of an answer may be sent back as they came.',
    provenBy: ['calls, their results and reasoning go back as they came'],
  },
  {
    id: 'R13',
    source: 'OpenAI docs, Structured outputs',
    behaviour: 'An answer matches the schema that was asked for.',
    provenBy: ['an answer has the shape that was asked for, and the helper reads it'],
  },
  {
    id: 'R14',
    source: 'OpenAI API reference, Create a model response',
    behaviour: 'Log-probabilities come with the text where `include` asks for them.',
    provenBy: ['each token comes with its log-probability where that is asked for'],
  },
  {
    id: 'R20',
    source: 'OpenAI API reference, Get a model response',
    behaviour: 'A response is stored unless the client says otherwise, and can be told, listed and deleted.',
    provenBy: ['a response is stored, told, listed and forgotten'],
  },
  {
    id: 'R21',
    source: 'OpenAI docs, Conversation state',
    behaviour: 'A request goes on from a stored response, and what was read before is not read again.',
    provenBy: [
      'a turn that goes on from a stored response costs only its new tokens, also after another conversation',
      'going on from a stored response is the same as sending the whole conversation',
    ],
  },
  {
    id: 'R22',
    source: 'OpenAI docs, Error codes',
    behaviour: 'An earlier response that is not there is told by its code.',
    provenBy: ['a response that is not stored cannot be gone on from, which is told by its code'],
  },
  {
    id: 'R23',
    source: 'OpenAI API reference, Get input token counts',
    behaviour: 'A count is what the same request then reports.',
    provenBy: ['tokens are counted as the same request then reports them'],
  },
]
