/** One thing that was looked at, and what to do where it is not as it should be. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'problem'
  readonly found: string
  readonly fix?: string
}

/** Looks at one thing. What it throws is a problem, told by its message. */
export interface Examination {
  readonly name: string
  readonly look: () => Promise<Omit<Check, 'name'>>
}

/** Looks at everything, one after another, and always gives a result for each. */
export async function diagnose(examinations: readonly Examination[]): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const { name, look } of examinations) checks.push({ name, ...(await lookSafely(look)) })
  return checks
}

async function lookSafely(look: Examination['look']): Promise<Omit<Check, 'name'>> {
  try {
    return await look()
  } catch (error) {
    return { state: 'problem', found: error instanceof Error ? error.message : String(error) }
  }
}
