/** How much the owner's rules may be: the same in the configuration file, in the store and where they are followed. */
export const routeLimits = {
  rules: 1000,
  aliases: 1000,
  /** Of one rule. */
  targets: 32,
  /** Of one target. */
  retries: 10,
  weight: 1_000_000,
  /** Of a pattern or a glob. */
  letters: 256,
  /** Of a time that a request may wait for anything. */
  milliseconds: 24 * 60 * 60 * 1000,
} as const
