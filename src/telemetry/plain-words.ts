const lettersRead = 2000
const lettersTold = 200

/* What failures are told in, and nothing that would say what a conversation is about. */
const plainWords: ReadonlySet<string> = new Set(
  `
  a about above after again all allowed already also an and any are as at be because been before being below between but by
  can cannot check could currently did do does doing done each either else enough for from greater had has have here how if
  in instead into is it its later least less many may more most much must no not nor of on once one only or other out over
  same should than that the their then there these this those through to too try two under until up use used was were when
  where which while will with within without would yet you your

  access account allow argument array assistant audio authentication authorization balance base64 batch begin billing body
  boolean bytes call cache capacity characters chat code completion completions concurrent connection content context count
  credit credits data day default denied deployment depth developer disabled document documents duplicate effort element
  embedding embeddings empty enable enabled encoding end endpoint engine error errors exactly exceed exceeded exceeds exist
  exists expected extra failed failure field fields file files finish first follow following format found function functions
  gateway generation header headers high hour id image images index input instructions integer internal invalid item items
  json key keys large last length limit limits list long low malformed maximum media message messages method minimum minute
  minutes missing model models multiple must name names needed new next null number object openai anthropic option options
  order organization organizations output overloaded parallel parameter parameters parse path per permission permitted plan
  please position prefix present previous processing project prompt properties property provide provided provider quota rate
  reached read ready reason reasoning receive received refused region reject rejected remove repeat request requested
  requests require required requires resource response responses result results retry role roles safety schema second seconds
  sent server service session set short signature size slow small start status stop stream streaming strict string
  structured supplied support supported supports system temperature temporarily text thinking tier time timed timeout token
  tokens tool tools top total true false type types unavailable unexpected unknown unrecognized unsupported upgrade uri url
  usage user valid validation value values version video wait window words worker wrong
  `
    .trim()
    .split(/\s+/),
)

/**
 * Gives of another program's message the words that failures are told in, with a mark for all else: such a message may
 * repeat what the program was sent. Nothing, where no word is left.
 */
export function inPlainWords(message: string): string | undefined {
  const words = message.slice(0, lettersRead).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const told = words.map(word => word.toLowerCase()).map(word => (plainWords.has(word) ? word : '…'))
  if (told.every(word => word === '…')) return undefined
  const runs = told.filter((word, index) => word !== '…' || told[index - 1] !== '…')
  return runs.join(' ').slice(0, lettersTold)
}
