// Writes docs/duologue.schema.json, the schema of the configuration file that editors read. `npm run format` shapes it.
import { writeFileSync } from 'node:fs'
import { jsonSchema, schemaFile } from '../src/config/json-schema.ts'

writeFileSync(schemaFile, `${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
