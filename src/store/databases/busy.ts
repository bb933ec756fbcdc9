import { setTimeout as pause } from 'node:timers/promises'

const askAgainMs = 10
const patienceMs = 10_000
const busyCode = 5

/** Tries again while another program writes. SQLite's own way of waiting would keep this whole process waiting. */
export async function whileBusy<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      await pause(askAgainMs * (0.5 + Math.random()))
    }
  }
}

/* The upper bits only say more of the same. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === busyCode
}
