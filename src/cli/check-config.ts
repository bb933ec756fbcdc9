import { formatFault, type Fault } from '../config/fault.ts'
import { readConfig, type ConfigPlace } from '../config/open-config.ts'
import type { Output } from './output.ts'
import type { ProgramContext } from './program-context.ts'

/** What is wrong with a configuration, and what its owner should know. */
export interface CheckedConfig {
  readonly path: string
  readonly hasFile: boolean
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

/** Reads the configuration as the server does at its start, and tells all that would keep it from being used. */
export async function checkConfig(place: ConfigPlace, { checkProviders }: ProgramContext): Promise<CheckedConfig> {
  const reading = await readConfig(place)
  const { path, hasFile } = reading
  if (reading.type === 'faulty') return { path, hasFile, faults: reading.faults, warnings: [] }
  const { snapshot, warnings } = reading
  const ofProviders = await checkProviders(snapshot)
  return { path, hasFile, faults: ofProviders.faults, warnings: [...warnings, ...ofProviders.warnings] }
}

/** Tells the person who watches what they should know. */
export function warn(warnings: readonly Fault[], output: Output): void {
  for (const warning of warnings) output.note(`${output.style('yellow', 'Warning:', 'stderr')} ${formatFault(warning)}`)
}
