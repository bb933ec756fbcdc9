import * as z from 'zod'
import { routeLimits } from '../core/route-limits.ts'
import { keysSchema } from './client-keys.ts'
import { modelPattern } from './model-pattern.ts'
import type { Setting } from './setting.ts'
import { modelSchema } from './model-settings.ts'
import { providerId, providerSchema } from './provider-schema.ts'
import { routeSchema } from './route-schema.ts'
import { fileKeyOf } from './setting.ts'
import { settingNames, settings } from './settings.ts'
import { words } from './values.ts'

const { rules: mostRoutes } = routeLimits

/** What the file holds beside settings. An empty section is a section that is not there. */
const sections = z.strictObject({
  models: z.record(words, modelSchema).nullable().exactOptional().describe('how single models are run, by name'),
  providers: z
    .record(providerId, providerSchema)
    .nullable()
    .exactOptional()
    .describe('clouds and other engines that may answer, by a name of yours'),
  aliases: z
    .record(z.string(), words)
    .transform((map, context) => Object.entries(map).map(([alias, model]) => toAlias({ alias, model }, context)))
    .nullable()
    .exactOptional()
    .describe('other names of models: what is asked for, and what is served instead'),
  routes: z
    .array(routeSchema)
    .max(mostRoutes, `at most ${mostRoutes} are possible`)
    .nullable()
    .exactOptional()
    .describe('which requests go where; of the rules that match, the first one holds'),
  keys: keysSchema.exactOptional().describe(settings.keys.about),
})

function toAlias(
  { alias, model }: { readonly alias: string; readonly model: string },
  context: z.RefinementCtx,
): { alias: z.output<typeof modelPattern>; model: string } {
  const parsed = modelPattern.safeParse(alias)
  if (parsed.success) return { alias: parsed.data, model }
  context.addIssue({
    code: 'custom',
    params: { isKey: true },
    path: [alias],
    message: parsed.error.issues[0]?.message ?? 'it is no pattern',
  })
  return z.NEVER
}

/** The sections of a file, as they were read. */
export type FileSections = z.output<typeof sections>

const plainSettings = settingNames.flatMap(name => {
  const setting: Setting = settings[name]
  const key = fileKeyOf(setting)
  return key === undefined || name === 'keys'
    ? []
    : [[key, setting.schema.exactOptional().describe(setting.about)] as const]
})

/** A whole configuration file. */
export const fileSchema = sections.extend(Object.fromEntries(plainSettings))
