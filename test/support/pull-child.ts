import { InstalledModels } from '../../src/catalog/installed.ts'
import { pullModel } from '../../src/services/pull-model.ts'

/** A process that pulls one file from a hub: `pull-child.ts <data directory> <endpoint> <reference>`. */
const [dataDirectory = '', endpoint = '', reference = ''] = process.argv.slice(2)

const { model, isNew } = await pullModel(
  { reference, isAskedHere: true, signal: new AbortController().signal, report: () => {} },
  {
    models: new InstalledModels(dataDirectory),
    hub: { endpoint },
    pip: { environment: {} },
    availableMemoryBytes: Number.POSITIVE_INFINITY,
    now: () => new Date(),
  },
)
process.stdout.write(JSON.stringify({ sha256: model.sha256, isNew }))
