/** How answers that are being written and prompts that are being read share the time. */
export interface Pacing {
  /** How many times longer than usual the reader of an answer may wait for a token while prompts are read. */
  readonly slowdown: number
  /** Whether that holds for every token, however long prompts take; otherwise it holds on average. */
  readonly isEven: boolean
}
