import type { Requirement } from './requirement.ts'

/** What clients of both APIs rely on. */
export const sharedRequirements: readonly Requirement[] = [
  {
    id: 'E01',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'An unknown model is a 404 that names those that exist.',
    provenBy: [
      'a model that does not exist is told with those that do',
      'counting for a model that does not exist fails alike',
    ],
  },
  {
    id: 'E02',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'Every reply has a request id, and a failure tells it in its body.',
    provenBy: [
      'a failure has a request id, in the body as in the header',
      'an answer has a request id, too',
      'a failure and an answer have a request id',
    ],
  },
  {
    id: 'E03',
    source: 'Anthropic SDK and OpenAI SDK, Retries',
    behaviour: 'What will fail again is not tried again.',
    provenBy: ['what will fail again is not tried again'],
  },
  {
    id: 'E04',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'A prompt that is too long is refused with its length and the longest possible.',
    provenBy: [
      'a prompt that is too long is refused with both numbers',
      'a prompt that is too long is refused with both numbers and its code',
    ],
  },
  {
    id: 'E05',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'A body that is too large is a 413.',
    provenBy: ['a body that is too large is refused with its limit'],
  },
  {
    id: 'E06',
    source: 'Anthropic docs, Errors',
    behaviour: 'A wrong method is a 405 that names the right ones.',
    provenBy: ['a wrong method is refused with the right ones'],
  },
  {
    id: 'E07',
    source: 'Anthropic docs, Errors',
    behaviour: 'A path that is not served is a 404 in the words of who asks.',
    provenBy: [
      'an unknown path is refused with those that exist',
      'a part of the API that is not served yet is refused in its own words',
    ],
  },
  {
    id: 'E08',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'A body that is not a JSON object is refused, with the place of its fault.',
    provenBy: ['a body that is not JSON is refused with the place of its fault', 'a body that is no object is refused'],
  },
  {
    id: 'E09',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'A server with keys answers who has one, however the client sends it, and nobody else.',
    provenBy: [
      'a server with keys answers who has one of them',
      'a server with keys refuses any other',
      'a server with keys tells its models only to who has one',
      'a server with keys answers who has one and refuses any other',
    ],
  },
  {
    id: 'E10',
    source: 'Anthropic docs, Errors; Anthropic SDK and OpenAI SDK, Retries',
    behaviour: 'A server that is full says so in the words of each API, and clients come back after the time it tells.',
    provenBy: ['a full queue is told with the time to come back', 'who is told to come back does, and is answered'],
  },
  {
    id: 'X1',
    source: 'Duologue, README',
    behaviour: 'Every client is answered, and told why the answer ended.',
    provenBy: [
      'an answer has text and ends at the limit that was set',
      'the starter model answers in words',
      'an answer that the model ends says so',
    ],
  },
  {
    id: 'X2',
    source: 'Duologue, README',
    behaviour: 'The likeliest answer is the same over both protocols, streamed or not.',
    provenBy: ['the likeliest answer is the same everywhere'],
  },
  {
    id: 'X3',
    source: 'Duologue, README',
    behaviour: 'Token counts are the same over both protocols, streamed or not.',
    provenBy: [
      'token counts are the same everywhere',
      'every client is told of the same prompt length by %s',
      'a count is what a chat completion then reports',
    ],
  },
  {
    id: 'X4',
    source: 'Duologue, README',
    behaviour: 'A system prompt reaches the model.',
    provenBy: ['a system prompt becomes part of the prompt', 'a system prompt changes the answer'],
  },
  {
    id: 'X5',
    source: 'Duologue, README',
    behaviour: 'Earlier turns reach the model.',
    provenBy: ['earlier turns become part of the prompt', 'an earlier turn changes the answer'],
  },
  {
    id: 'X6',
    source: 'Duologue, README',
    behaviour: 'An answer that was begun is gone on with, and not said again.',
    provenBy: ['a prefilled answer is not said again', 'a prefilled answer goes on where it stopped'],
  },
  {
    id: 'X7',
    source: 'Duologue, README',
    behaviour: 'Stop sequences are cut from the text and reported, wherever tokens end.',
    provenBy: [
      'a stop sequence is cut from the text and reported',
      'a stop sequence that spans tokens is cut at its beginning',
      'of several stop sequences the one that comes first is reported',
      'the beginning of a stop sequence that does not come is kept',
    ],
  },
  {
    id: 'X8',
    source: 'Duologue, README',
    behaviour: 'An answer that fills the context says so.',
    provenBy: ['an answer may go on to the end of the context, and says so'],
  },
  {
    id: 'X9',
    source: 'Duologue, README',
    behaviour: 'No character is split between two pieces of a stream.',
    provenBy: ['the characters of an answer are whole in each piece', 'Chinese and emoji come in whole characters'],
  },
  {
    id: 'X10',
    source: 'Duologue, README',
    behaviour: 'Long prompts are read whole.',
    provenBy: ['a prompt of more than four thousand tokens is read whole'],
  },
  {
    id: 'X11',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Seeds, candidates and biases decide what is drawn.',
    provenBy: [
      'the same seed gives the same text again',
      'another seed gives another text',
      'without a seed each text is another',
      'one candidate leaves only the likeliest answer',
      'a token may be ruled out',
    ],
  },
  {
    id: 'X20',
    source: 'Duologue, README',
    behaviour: 'Many streams at once are all in grammar, even more than there are places.',
    provenBy: [
      'eight streams of %s at once are all in grammar',
      'twelve streams at once, more than there are places, are all in grammar',
    ],
  },
  {
    id: 'X21',
    source: 'Duologue, README',
    behaviour: 'Whole answers, streams and models do not wait for each other or mix.',
    provenBy: [
      'every client is answered while the others are',
      'an answer comes whole while streams run',
      'two models answer at the same time',
      'each of many answers is to its own question',
    ],
  },
  {
    id: 'X22',
    source: 'Duologue, README',
    behaviour: 'Who leaves in the middle of an answer gives the place back.',
    provenBy: [
      'in the middle of a stream, and the next one is answered',
      'by a signal in the middle of a stream, and the next one is answered',
    ],
  },
  {
    id: 'X23',
    source: 'Duologue, README',
    behaviour: 'Who leaves before an answer begins gives the place back.',
    provenBy: [
      'while it waits for its turn, and the next one is answered',
      'before a whole answer is written, and the next one is answered',
      'whoever leaves while a long prompt is read gives the place back',
    ],
  },
  {
    id: 'X24',
    source: 'Anthropic docs, Streaming messages',
    behaviour: 'Who waits for long is told that the server lives.',
    provenBy: ['who waits for long is told that the server lives, in the words of each protocol'],
  },
  {
    id: 'X25',
    source: 'OpenAI docs, Structured outputs; Anthropic docs, Structured outputs and Strict tool use',
    behaviour: 'A schema that is forced upon an answer is kept, or what is lost is told; prompts are counted exactly.',
    provenBy: [
      'whatever schema is forced upon an answer, it is kept or its loss is told, and the prompt is counted exactly',
    ],
  },
]
