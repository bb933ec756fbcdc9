import type { CommandApp, ProgramContext } from './program-context.ts'

/** Opens the program, without listening, for as long as `work` takes. */
export async function withApp<Result>(
  context: ProgramContext,
  work: (app: CommandApp) => Promise<Result>,
): Promise<Result> {
  const app = await context.openApp({ logLevel: 'error' }, line => context.output.note(line))
  try {
    return await work(app)
  } finally {
    await app.close()
  }
}
