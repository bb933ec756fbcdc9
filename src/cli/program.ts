import { Command } from 'commander'
import { registerAliases } from './aliases.ts'
import { registerAttempts } from './attempts.ts'
import { registerConfig } from './config.ts'
import { registerDoctor } from './doctor.ts'
import { registerEngine } from './engine.ts'
import { registerExplain } from './explain.ts'
import { registerList } from './list.ts'
import type { ProgramContext } from './program-context.ts'
import { registerPrivacy } from './privacy.ts'
import { registerProviders } from './providers.ts'
import { registerPull } from './pull.ts'
import { registerRm } from './rm.ts'
import { registerRoutes } from './routes.ts'
import { registerRun } from './run.ts'
import { registerServe } from './serve.ts'
import { registerShow } from './show.ts'

const exitCodes = `
Exit codes:
  0    done
  1    failed; the message says why
  2    used wrongly
  66   no such model or file
  69   something that is needed does not answer
  78   a setting cannot be used
  130  interrupted with Ctrl-C`

/** Builds the command line of `duologue`. */
export function createProgram(context: ProgramContext): Command {
  const program = new Command('duologue')
    .description('A model server that speaks the Anthropic and OpenAI APIs from one port.')
    .version(context.version)
    .showHelpAfterError('(--help shows what is possible)')
    .exitOverride()
    .addHelpText('after', exitCodes)
  registerServe(program, context)
  registerRun(program, context)
  registerPull(program, context)
  registerList(program, context)
  registerRm(program, context)
  registerShow(program, context)
  registerProviders(program, context)
  registerEngine(program, context)
  registerRoutes(program, context)
  registerAliases(program, context)
  registerPrivacy(program, context)
  registerExplain(program, context)
  registerAttempts(program, context)
  registerConfig(program, context)
  registerDoctor(program, context)
  return program
}
