import type { Shortfall } from './requirement.ts'

/** What clients of either API may miss. */
export const knownShortfalls: readonly Shortfall[] = [
  { what: 'a shape for an answer that the client began', instead: 'it is not kept, and the log and a header say so' },
  {
    what: 'images, PDFs and sound',
    instead: 'a 400 that names what it was, or words in its place where a tool gave it',
  },
  { what: 'the path of content that cannot be shown', instead: 'the refusal names the kind of content only' },
  { what: 'citations of documents', instead: 'documents are read, answers cite nothing' },
  { what: 'several answers to one request', instead: 'a 400 for n and best_of above 1' },
  { what: 'message threads', instead: 'a 400 with thread_unsupported_request' },
  { what: 'message batches', instead: 'a 404' },
  { what: 'files', instead: 'a 404; blocks that refer to files are a 400' },
  {
    what: 'responses in the background, conversations and prompts that the server keeps',
    instead: 'a 400 that says why',
  },
  { what: 'a stored response as a stream', instead: 'a 400; it is told as a whole' },
  { what: 'cutting a conversation that is too long (`truncation`)', instead: 'a 400 with context_length_exceeded' },
  { what: 'embeddings of tokens, and shorter vectors', instead: 'a 400 that says why' },
  { what: 'tools that run on the vendor’s servers', instead: 'they are left out, and the log and a header say so' },
  { what: 'a seed for clients of the Messages API', instead: 'its newer version cannot ask for repeatable answers' },
  { what: 'cache breakpoints', instead: 'accepted; the engine chooses by itself what it keeps' },
  { what: 'rate-limit headers', instead: 'left out, since there are no such limits' },
]
