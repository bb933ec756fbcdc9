import type { Requirement } from './requirement.ts'

/** What clients of the Anthropic Messages API rely on. */
export const anthropicRequirements: readonly Requirement[] = [
  {
    id: 'A01',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'An answer has every field that the API names, and nulls are spelled out.',
    provenBy: ['a message has every field spelled out', 'each message has an id and a request id of its own'],
  },
  {
    id: 'A02',
    source: 'Anthropic API reference, Create a Message',
    behaviour: '`system` is text or blocks of text, and they mean the same.',
    provenBy: ['a system prompt is the same as text or as blocks', 'an empty system prompt is as good as none'],
  },
  {
    id: 'A03',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Content is text or blocks, and turns of one role that follow each other are one turn.',
    provenBy: ['text is the same as a string or as a block', 'turns of one role that follow each other are one'],
  },
  {
    id: 'A04',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Turns of the system may stand between the others, and last.',
    provenBy: ['instructions between the turns are part of the prompt', 'instructions may come last to %s'],
  },
  {
    id: 'A05',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Documents of text and search results reach the model.',
    provenBy: ['a document of text is part of the prompt', 'a search result is part of the prompt'],
  },
  {
    id: 'A06',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Calls of tools, their results and their failures reach the model.',
    provenBy: ['calls of tools and their results are part of the prompt', 'that a tool failed is part of the prompt'],
  },
  {
    id: 'A07',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Reasoning of earlier turns is taken back, and is no part of the prompt.',
    provenBy: ['thinking of earlier turns is accepted and not shown to the model again'],
  },
  {
    id: 'A08',
    source: 'Anthropic API reference, Create a Message',
    behaviour: '`max_tokens: 0` reads the prompt into the cache and writes nothing.',
    provenBy: ['no tokens are asked for and none are written', 'asking for no tokens warms the cache'],
  },
  {
    id: 'A09',
    source: 'Anthropic docs, Versions, and the guide of migration to 2026-10-21',
    behaviour: 'Sampling parameters are accepted under 2023-06-01 and refused under 2026-10-21, for counting too.',
    provenBy: ['sampling with %o goes by the API version', 'counting with %o goes by the API version'],
  },
  {
    id: 'A10',
    source: 'Anthropic docs, Versions, and the guide of migration to 2026-10-21',
    behaviour:
      'Documents of the assistant and citations of the user are accepted under 2023-06-01 and refused under 2026-10-21.',
    provenBy: [
      'a document of the assistant goes by the API version',
      'citations in a turn of the user go by the API version',
      'a citation of null says nothing in any API version',
    ],
  },
  {
    id: 'A11',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Tools are shown to the model, unless it must not call any.',
    provenBy: [
      'tools may be sent, and are part of the prompt',
      'tools that must not be called are not shown to the model',
      'counting counts tools, too',
    ],
  },
  {
    id: 'A12',
    source: 'Anthropic API reference, Create a Message',
    behaviour:
      'A choice of tools is kept: what must be called is called, as its schema says, once where only one may be.',
    provenBy: [
      'a tool that must be called is called, as its schema says',
      'some tool is called where one must be',
      'a streamed call is put together from its pieces',
      'the result of a call that was made is taken back',
      'a tool choice of %o asks for nothing that cannot be kept',
      'a choice of a tool that was not sent is refused',
    ],
  },
  {
    id: 'A13',
    source: 'Anthropic API reference, Create a Message',
    behaviour:
      'Tools that run on the client are accepted, tools that run on the vendor’s servers are told as left out.',
    provenBy: [
      'a tool that only the vendor runs is left out and told, and refused where nothing may be',
      'a typed tool of the client is accepted',
    ],
  },
  {
    id: 'A14',
    source: 'Anthropic API reference, Create a Message',
    behaviour:
      'Content that the model cannot be shown is refused and named; what a tool gave of it is told in words. It is never dropped.',
    provenBy: [
      'what the model cannot be shown is refused and named: $what, $source.type',
      'an image in the result of a tool is told in words, and refused where nothing may be lost',
    ],
  },
  {
    id: 'A15',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'A block that is unknown, or stands in the wrong turn, is refused by its path.',
    provenBy: [
      'an unknown block is refused by its path',
      'a block of the assistant in a turn of the user is refused by its path',
    ],
  },
  {
    id: 'A16',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'Hints, unknown fields and unknown beta features do no harm.',
    provenBy: [
      'a hint that changes nothing here is tolerated: %o',
      'unknown beta features are tolerated',
      'thinking may be asked for, and the answer comes as text',
    ],
  },
  {
    id: 'A17',
    source: 'Anthropic docs, Errors',
    behaviour: 'What is wrong with a request is told by the path of its field.',
    provenBy: ['what is wrong is refused by its field: $field', 'a stream flag that is no boolean is refused'],
  },
  {
    id: 'A18',
    source: 'Anthropic docs, Message threads',
    behaviour: 'A thread is refused with `thread_unsupported_request`, never ignored.',
    provenBy: ['a thread is refused with the code that clients go on from'],
  },
  {
    id: 'A19',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'The stop sequence that matched is cut from the text and named.',
    provenBy: ['the stop sequence that matched is named'],
  },
  {
    id: 'A20',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'The beta endpoint answers as the plain one does.',
    provenBy: ['the beta endpoint answers as the plain one does'],
  },
  {
    id: 'A21',
    source: 'Anthropic SDK, Tool helpers',
    behaviour: 'The tool runner goes on without a thread, runs what is called and ends with an answer.',
    provenBy: [
      'the tool runner ends with an answer',
      'the tool runner runs the tool that the model calls',
      'a streaming tool runner ends with an answer',
    ],
  },
  {
    id: 'A22',
    source: 'Duologue, README',
    behaviour: 'What a model was not told of a request is in the log and in a header.',
    provenBy: ['what of a request was left out is in the log and in a header'],
  },
  {
    id: 'A23',
    source: 'Anthropic API reference, Create a Message',
    behaviour: 'An answer has the shape that its schema asks for.',
    provenBy: ['an answer has the shape that was asked for'],
  },
  {
    id: 'A30',
    source: 'Anthropic docs, Streaming messages',
    behaviour: 'The events of a stream come in the one order that clients read, each named by its type.',
    provenBy: [
      'a stream that ends %s is in grammar',
      'a stream that ends with a stop sequence is in grammar',
      'a stream of nothing is in grammar',
      'a stream of calls is in grammar',
    ],
  },
  {
    id: 'A31',
    source: 'Anthropic docs, Streaming messages',
    behaviour: 'A stream has the headers of an event stream and its request id.',
    provenBy: ['a stream has the headers of one'],
  },
  {
    id: 'A32',
    source: 'Anthropic docs, Streaming messages',
    behaviour: 'A stream tells the same counts and reasons as a whole message.',
    provenBy: [
      'a stream begins with the length of the prompt and ends with that of the answer',
      'a stream and a whole message say the same of the same',
    ],
  },
  {
    id: 'A33',
    source: 'Anthropic SDK, Streaming helpers',
    behaviour: 'The helpers of the SDK give text as it comes, the message and the request id.',
    provenBy: [
      'the helper tells of text as it comes and gives the message',
      'the helper knows the request',
      'a beta stream gives the message, too',
    ],
  },
  {
    id: 'A34',
    source: 'Anthropic docs, Streaming messages',
    behaviour: 'A stream may be read event by event.',
    provenBy: ['events come in order, one kind after another'],
  },
  {
    id: 'A35',
    source: 'Anthropic docs, Errors',
    behaviour: 'A request that fails before its stream begins gets a status.',
    provenBy: [
      'a request that is wrong gets a status, not a stream',
      'a stream of a model that does not exist gets a status',
      'a prompt that is too long gets a status, not a stream',
    ],
  },
  {
    id: 'A40',
    source: 'Anthropic API reference, Count tokens in a Message',
    behaviour: 'A count is exactly the input that the same request then reports.',
    provenBy: [
      'whatever the conversation, the count is what the answer then reports',
      'whatever the conversation, the count is what the stream begins with',
      'a real model is counted exactly, too',
      'what else shapes an answer is counted exactly: %o',
      'the count does not depend on what the cache holds',
      'a control token that somebody writes is as many tokens as any other word of its letters',
    ],
  },
  {
    id: 'A41',
    source: 'Anthropic API reference, Count tokens in a Message',
    behaviour: 'Counting needs no limit, and many counts at once are answered.',
    provenBy: ['twenty-five counts at once are all answered', 'counting needs no max_tokens and bears one'],
  },
  {
    id: 'A42',
    source: 'Anthropic API reference, Count tokens in a Message',
    behaviour: 'The beta endpoint counts as the plain one does.',
    provenBy: ['a beta count answers as the plain one does'],
  },
  {
    id: 'A43',
    source: 'Anthropic API reference, Count tokens in a Message',
    behaviour: 'What is too long for a model can be counted.',
    provenBy: ['a prompt that is too long for the model is still counted'],
  },
  {
    id: 'M1',
    source: 'Anthropic API reference, List Models; OpenAI API reference, List models',
    behaviour: 'The models are listed in the form of who asks.',
    provenBy: ['the models are listed by name'],
  },
  {
    id: 'M2',
    source: 'Anthropic API reference, Get a Model; OpenAI API reference, Retrieve model',
    behaviour: 'A model is told with its limits, in the form of who asks.',
    provenBy: [
      'a model is told with its limits',
      '%s reads %i tokens',
      'a model in the list is the same as one asked for',
      'a model is told in the form of who asks',
    ],
  },
  {
    id: 'M3',
    source: 'Anthropic API reference, List Models',
    behaviour: 'The list may be read in pages, forwards and backwards.',
    provenBy: [
      'pages of any length give all models once',
      'a page says whether there are more, and where it begins and ends',
      'a page may be asked for backwards',
      'a page of an impossible length is refused',
    ],
  },
  {
    id: 'M4',
    source: 'Anthropic docs, Errors; OpenAI docs, Error codes',
    behaviour: 'An unknown model is a 404.',
    provenBy: ['a model that does not exist is told with those that do', 'a model that does not exist has its code'],
  },
  {
    id: 'M5',
    source: 'Anthropic API reference, List Models',
    behaviour: 'The beta endpoint lists as the plain one does.',
    provenBy: ['the beta list is the same'],
  },
]
