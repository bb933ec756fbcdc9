import { askServer } from './ask-server.ts'

const timeoutMs = 1000

/** Tells whether a server of this program runs at an address. Something else there may answer anything, or nothing. */
export async function isServing(url: string): Promise<boolean> {
  try {
    const { status, body } = await askServer({ path: '/health/live' }, { url }, AbortSignal.timeout(timeoutMs))
    const said: unknown = JSON.parse(body)
    return status === 200 && typeof said === 'object' && said !== null && 'live' in said && said.live === true
  } catch {
    return false
  }
}
