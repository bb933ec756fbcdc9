import type { Requirement } from './requirement.ts'

/** What clients of OpenAI's Chat Completions, Completions and Embeddings rely on, and of rankings beside them. */
export const openaiRequirements: readonly Requirement[] = [
  {
    id: 'C01',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'A completion has the fields of one, and counts that add up.',
    provenBy: [
      'a completion has the fields of one',
      'each completion has an id and a request id of its own',
      'what was read from the cache is counted within the prompt',
    ],
  },
  {
    id: 'C02',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'The system and the developer instruct alike, at the beginning and later.',
    provenBy: ['a developer instructs as the system does', 'instructions between the turns are part of the prompt'],
  },
  {
    id: 'C03',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Content is text or parts.',
    provenBy: ['text is the same as a string or as a part'],
  },
  {
    id: 'C04',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Calls of tools and their results reach the model.',
    provenBy: ['calls of tools and their results are part of the prompt'],
  },
  {
    id: 'C05',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: '`max_completion_tokens` and `max_tokens` limit an answer; without them the context does.',
    provenBy: [
      'the limit has the same meaning under both of its names',
      'without a limit an answer goes on to the end of the context',
    ],
  },
  {
    id: 'C06',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: '`stop` is text, a list or nothing.',
    provenBy: ['a stop sequence may be a string', 'no stop sequence is as good as an empty list of them'],
  },
  {
    id: 'C07',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'One answer a request is given; more are refused, not silently left out.',
    provenBy: ['one answer may be asked for, and no more'],
  },
  {
    id: 'C08',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Log-probabilities are what the model saw, token by token, also of characters in pieces.',
    provenBy: [
      'each token of an answer comes with its log-probability, and the likeliest in its place',
      'a stream gives the log-probabilities with their text',
      'without the wish for them there are none',
    ],
  },
  {
    id: 'C09',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Tools are shown to the model, unless it must not call any.',
    provenBy: [
      'tools may be sent, and are part of the prompt',
      'tools that must not be called are not shown to the model',
    ],
  },
  {
    id: 'C10',
    source: 'OpenAI API reference, Create chat completion',
    behaviour:
      'A choice of tools is kept: what must be called is called, as its schema says, once where only one may be.',
    provenBy: [
      'a tool that must be called is called, as its schema says',
      'some tool is called where one must be',
      'a streamed call is put together from its pieces',
      'a tool choice of %s asks for nothing that cannot be kept',
    ],
  },
  {
    id: 'C11',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Content that the model cannot be shown is refused and named, never dropped.',
    provenBy: ['what the model cannot be shown is refused and named: $what'],
  },
  {
    id: 'C12',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'Hints and unknown fields do no harm.',
    provenBy: ['a field that changes nothing here is tolerated: %o'],
  },
  {
    id: 'C13',
    source: 'OpenAI docs, Error codes',
    behaviour: 'What is wrong with a request is told by `param` and `code`.',
    provenBy: ['what is wrong is refused by its field: $param'],
  },
  {
    id: 'C14',
    source: 'OpenAI API reference, Create chat completion',
    behaviour: 'An answer has the shape that was asked for.',
    provenBy: ['an answer has the shape that was asked for', 'an answer may be asked for as any object'],
  },
  {
    id: 'C30',
    source: 'OpenAI API reference, Chat completion streaming events',
    behaviour: 'The chunks of a stream come in the one order that clients read, to `[DONE]`.',
    provenBy: [
      'a stream that ends %s is in grammar',
      'a counted stream that ends %s is in grammar',
      'a stream that ends with a stop sequence is in grammar',
      'a stream of calls is in grammar',
    ],
  },
  {
    id: 'C31',
    source: 'OpenAI API reference, Chat completion streaming events',
    behaviour: 'A stream has the headers of an event stream and its request id.',
    provenBy: ['a stream has the headers of one'],
  },
  {
    id: 'C32',
    source: 'OpenAI API reference, Chat completion streaming events',
    behaviour: 'A stream counts tokens for who asks with `include_usage`, in its last chunk.',
    provenBy: ['a stream counts tokens only for who asks'],
  },
  {
    id: 'C33',
    source: 'OpenAI SDK, Streaming helpers',
    behaviour: 'The helpers of the SDK give content as it comes, the completion and the counts.',
    provenBy: [
      'the helper tells of content as it comes and gives the completion',
      'the helper gives the counts that were asked for',
    ],
  },
  {
    id: 'C34',
    source: 'OpenAI API reference, Chat completion streaming events',
    behaviour: 'A stream may be read chunk by chunk; all are of one completion.',
    provenBy: ['the first chunk has the role, the last the reason'],
  },
  {
    id: 'C35',
    source: 'OpenAI docs, Error codes',
    behaviour: 'A request that fails before its stream begins gets a status.',
    provenBy: ['a request that is wrong gets a status, not a stream'],
  },
  {
    id: 'L01',
    source: 'OpenAI API reference, Create completion',
    behaviour: 'A completion has the fields of one, and counts that add up.',
    provenBy: ['a completion goes on from its prompt', 'without a limit a completion has 16 tokens'],
  },
  {
    id: 'L02',
    source: 'OpenAI API reference, Create completion',
    behaviour: 'Prompts are texts or tokens, one or several; each is answered in its place.',
    provenBy: [
      'several prompts are answered in their places, each as it would alone',
      'tokens are a prompt, one or several',
      'no prompt is the beginning of a text',
    ],
  },
  {
    id: 'L03',
    source: 'OpenAI SDK, completions',
    behaviour: 'A stream brings the same text, an end for each prompt, and the counts where they are asked for.',
    provenBy: [
      'a stream says what the whole answer says, and counts the same',
      'the answers to several prompts come side by side',
    ],
  },
  {
    id: 'L04',
    source: 'OpenAI API reference, Create completion',
    behaviour: 'Log-probabilities are lists of one length, with where each token begins.',
    provenBy: [
      'log-probabilities tell each token, the likeliest in its place, and where it begins',
      'the prompt is repeated, with log-probabilities of all but its first token',
      'what is streamed of log-probabilities is the same as the whole',
    ],
  },
  {
    id: 'L05',
    source: 'OpenAI API reference, Create completion',
    behaviour: 'A suffix is what comes after the answer.',
    provenBy: ['a gap is filled where the model can', 'a suffix is refused where the model cannot fill gaps'],
  },
  {
    id: 'L06',
    source: 'OpenAI API reference, Create completion',
    behaviour: 'Answers end at stop sequences, and are drawn as the request says.',
    provenBy: ['a stop sequence ends a completion', 'a seed gives the same completion again'],
  },
  {
    id: 'L07',
    source: 'OpenAI docs, Error codes',
    behaviour: 'What cannot be completed is refused by its field.',
    provenBy: [
      'what cannot be completed is refused by its field: $param',
      'one prompt that does not fit is named among the others',
      'a completion that is wrong gets a status, not a stream',
    ],
  },
  {
    id: 'V01',
    source: 'OpenAI API reference, Create embeddings',
    behaviour: 'Each text gives a vector of length one, in order, and the tokens are counted.',
    provenBy: ['several texts give a list of vectors in their order', 'one text gives a list of one'],
  },
  {
    id: 'V02',
    source: 'OpenAI SDK, embeddings',
    behaviour: 'Vectors are numbers or base64 of 32-bit floats, the lowest byte first; the client asks for base64.',
    provenBy: ['the numbers are the same as base64, which the client asks for by itself, and one by one'],
  },
  {
    id: 'V03',
    source: 'OpenAI API reference, Create embeddings',
    behaviour: 'What cannot be embedded is refused by its field: tokens, other lengths, models of the other kind.',
    provenBy: [
      'what cannot be embedded is refused by its field: $param',
      'a model that makes embeddings is not asked for an answer',
      'a model that does not exist is told as such',
    ],
  },
  {
    id: 'K01',
    source: 'Jina and Cohere API references, Rerank',
    behaviour: 'Documents come back by how well they answer the query, the best first, each with its place.',
    provenBy: [
      'documents are ranked, the best first',
      'only so many results are told, and their documents where asked',
    ],
  },
  {
    id: 'K02',
    source: 'Jina and Cohere API references, Rerank',
    behaviour: 'Documents are texts, or objects with a text.',
    provenBy: ['a document is a text, or an object that has one'],
  },
  {
    id: 'K03',
    source: 'OpenAI docs, Error codes',
    behaviour: 'What cannot be ranked is refused by its field, and a model that does not rank with those that do.',
    provenBy: [
      'what cannot be ranked is refused by its field: $param',
      'who asks a model that does not rank is told which do',
    ],
  },
]
