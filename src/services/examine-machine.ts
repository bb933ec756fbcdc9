import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { explainDisk } from '../catalog/failures.ts'
import type { InstalledModel, InstalledModels } from '../catalog/installed.ts'
import { formatBytes } from '../core/bytes.ts'
import { readGguf } from '../gguf/read-gguf.ts'
import type { Check, Examination } from './diagnose.ts'

export interface Machine {
  readonly dataDirectory: string
  readonly models: InstalledModels
  readonly availableMemoryBytes: number
  readonly nodeVersion: string
  /** Makes sure that the engine is installed, and gives where. Throws a `ModelError` that names the cause. */
  readonly provision: () => Promise<string>
  /** Says whether the server could listen at its address, or does already. Throws where it cannot. */
  readonly tryAddress: () => Promise<string>
}

type Finding = Omit<Check, 'name'>

const leastNode = 24
const scarceDiskBytes = 1024 ** 3
const scarceMemoryBytes = 1024 ** 3

/** What `duologue doctor` looks at, in the order in which things are needed. */
export function examineMachine(machine: Machine): readonly Examination[] {
  const examinations: readonly Examination[] = [
    { name: 'Node.js', look: async () => examineNode(machine) },
    { name: 'data folder', look: async () => examineFolder(machine) },
    { name: 'memory', look: async () => examineMemory(machine) },
    { name: 'engine', look: async () => ({ state: 'ok', found: await machine.provision() }) },
    { name: 'models', look: async () => examineModels(machine) },
    { name: 'address', look: async () => ({ state: 'ok', found: await machine.tryAddress() }) },
  ]
  return examinations.map(({ name, look }) => ({ name, look: async () => explained(look, machine) }))
}

/* What the system says of a folder is told in our words. */
async function explained(look: Examination['look'], { dataDirectory }: Machine): Promise<Finding> {
  try {
    return await look()
  } catch (error) {
    throw explainDisk(error, dataDirectory)
  }
}

function examineNode({ nodeVersion }: Machine): Finding {
  if (Number.parseInt(nodeVersion, 10) >= leastNode) return { state: 'ok', found: nodeVersion }
  return { state: 'problem', found: nodeVersion, fix: `install Node.js ${leastNode} or later` }
}

async function examineFolder({ dataDirectory }: Machine): Promise<Finding> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  await access(dataDirectory, constants.R_OK | constants.W_OK | constants.X_OK)
  const { bavail, bsize } = await statfs(dataDirectory)
  const free = bavail * bsize
  const found = `${dataDirectory}, ${formatBytes(free)} free`
  if (free >= scarceDiskBytes) return { state: 'ok', found }
  return { state: 'warning', found, fix: 'free some space, or move the folder with DUOLOGUE_DATA' }
}

function examineMemory({ availableMemoryBytes }: Machine): Finding {
  const found = `${formatBytes(availableMemoryBytes)} available`
  if (availableMemoryBytes >= scarceMemoryBytes) return { state: 'ok', found }
  return { state: 'warning', found, fix: 'close other programs, or use small models' }
}

async function examineModels({ models }: Machine): Promise<Finding> {
  const installed = await models.list()
  const damaged = await models.damaged()
  if (installed.length + damaged.length === 0)
    return { state: 'warning', found: 'none', fix: '`duologue pull starter` gets a small one' }
  const unreadable = (await Promise.all(installed.map(faultOf))).filter(fault => fault !== undefined)
  const faults = [...unreadable, ...damaged.map(id => `${id}: its file is not the one that was pulled`)]
  if (faults.length === 0) return { state: 'ok', found: installed.map(({ id }) => id).join(', ') }
  return {
    state: 'problem',
    found: faults.join('; '),
    fix: '`duologue rm` removes a damaged model, then pull it again',
  }
}

async function faultOf({ id, path }: InstalledModel): Promise<string | undefined> {
  try {
    await readGguf(path)
    return undefined
  } catch (error) {
    return `${id}: ${error instanceof Error ? error.message : String(error)}`
  }
}
