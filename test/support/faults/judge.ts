import { wire } from '../speaking.ts'
import { checkReply } from './check-reply.ts'
import type { Ending, Got } from './check-reply.ts'
import type { Outcome } from './foresee.ts'
import type { Case, Source } from './matrix.ts'
import { directName, nextName } from './places.ts'

/** What a reply is held against. */
export interface Yardstick {
  readonly expected: Outcome
  /** Whether clients have their headers before there is an answer, and so see more of what fails. */
  readonly isHasty: boolean
  /** Gives what a model says without a fault. */
  readonly unfaulted: (model: string) => string | undefined
}

/** How a reply ended, and what is wrong with it. */
export interface Judgement {
  readonly ending: Ending['type']
  readonly faults: readonly string[]
}

/** Judges a reply, whoever gave it. */
export async function judge(one: Case, got: Got, yardstick: Yardstick): Promise<Judgement> {
  const judgements = await Promise.all(writersOf(one, got).map(writer => judgeAs(writer, { one, got, yardstick })))
  const [first] = judgements.toSorted((a, b) => a.faults.length - b.faults.length)
  return first ?? { ending: 'answered', faults: ['nobody wrote it'] }
}

/* Who wrote the very bytes; nobody, where they are our own. A stream whose headers came early does not say. */
function writersOf({ source, next, client }: Case, { headers }: Got): readonly (Source | undefined)[] {
  const target = headers.get('x-duologue-target')
  const relayed = [source, next].filter(each => each?.isRelayed === true && each.protocol === client)
  if (target === null) return [undefined, ...relayed]
  const writer = target.startsWith('next-') ? next : source
  return [relayed.find(each => each === writer)]
}

interface Trial {
  readonly one: Case
  readonly got: Got
  readonly yardstick: Yardstick
}

async function judgeAs(writer: Source | undefined, trial: Trial): Promise<Judgement> {
  const { type, faults } = await checkReply(trial.one.client, trial.got, writer !== undefined)
  const passed = writer && trial.one.isStreaming ? checkPassed(trial.got.text, writer) : []
  return { ending: type, faults: [...faults, ...passed, ...(trial.yardstick.isHasty ? [] : compare(trial, type))] }
}

function compare(trial: Trial, ending: Ending['type']): readonly string[] {
  const faults = compareWith(trial.yardstick.expected, trial, ending)
  // On a busy machine an upstream may seem silent sooner than it is.
  return faults.length > 0 && trial.one.fault.type === 'stall' ? compareWith('makes-way', trial, ending) : faults
}

function compareWith(expected: Outcome, { one, got, yardstick }: Trial, ending: Ending['type']): readonly string[] {
  const wanted = endingOf(expected, one)
  if (ending !== wanted) return [`not ${wanted}: ${got.text}`]
  const isSilent = one.fault.type === 'rate-limited' && ending === 'refused' && !got.headers.has('retry-after')
  if (isSilent) return ['does not say when to come back']
  // A stream that breaks after its end may lack what its maker says behind it.
  if (wanted !== 'answered' || (expected === 'answers' && one.fault.type !== 'sliced')) return []
  const model = expected === 'answers' ? directName(one.source.name) : nextName(one.next?.name ?? '')
  return yardstick.unfaulted(model) === withoutIds(got.text) ? [] : [`not as without a fault: ${got.text}`]
}

function endingOf(expected: Outcome, { next }: Case): Ending['type'] {
  if (expected === 'fails-in-sight') return 'failed-in-stream'
  return expected === 'makes-way' && !next ? 'refused' : 'answered'
}

/* What another server wrote goes on as it is, up to its end or to our word of what failed. */
function checkPassed(text: string, { stream }: Source): readonly string[] {
  const last = text.trimEnd().lastIndexOf('\n\n')
  const isTold = /^(event: error\n)?data: \{("type":"error",)?"error"|^event: response\.failed\n|^data: \[DONE\]/.test(
    text.slice(last + 2),
  )
  const passed = isTold ? text.slice(0, last + 2) : text
  return wire(stream).startsWith(passed) ? [] : [`not what was sent: ${passed}`]
}

/** A reply without what is different each time: its ids, and the marks of who thought, which hold the model's name. */
export function withoutIds(text: string): string {
  return text.replaceAll(/(msg_|rs_|fc_|resp_|chatcmpl-|req_)u\d+/g, 'id').replaceAll(/duologue\.2\.[\w-]+/g, 'mark')
}
