import { mkdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { mlxPackages, mlxVersion } from '../catalog/mlx-packages.ts'
import { fetchHubModel, makePythonEnvironment } from '../catalog/python-environment.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { dataFolder, hubCacheFolder } from '../config/folders.ts'
import { ModelError } from '../core/errors.ts'
import type { ManagedCommand, ProviderSettings } from '../core/provider-settings.ts'
import { findProgram } from './find-program.ts'

/** The engines that can be set up with one command. */
export const engineNames = ['mlx', 'llama-server', 'vllm'] as const

export type EngineName = (typeof engineNames)[number]

/** What setting up an engine needs to know of this machine. */
export interface EngineDependencies {
  /** Where engines are kept, and what they wrote. */
  readonly folder: string
  readonly environment: Environment
  readonly hubCacheFolder: string
}

/** What is to be set up. */
export interface EngineRequest {
  readonly engine: EngineName
  /** How rules will name it. */
  readonly id: string
  /** A path, or a name that the engine fetches by. */
  readonly model: string
  /** The program, where `PATH` does not lead to it. */
  readonly program?: string
  /** Given to the program after all others. */
  readonly arguments: readonly string[]
  readonly signal: AbortSignal
  /** Hears of each step of what takes time. */
  readonly onStep: (step: string) => void
}

/** Gives what setting up engines needs, as the configuration has it. */
export function engineDependencies(config: Config, environment: Environment): EngineDependencies {
  return {
    folder: join(dataFolder(config, environment), 'engines'),
    environment,
    hubCacheFolder: hubCacheFolder(config, environment),
  }
}

/**
 * Makes sure that an engine is on this machine, and gives the provider that starts it. Throws `unavailable` where it is
 * not there and cannot be had.
 */
export async function setUpEngine(request: EngineRequest, dependencies: EngineDependencies): Promise<ProviderSettings> {
  const plan = await plans[request.engine](request, dependencies)
  const command = { ...plan.command, arguments: [...plan.command.arguments, ...request.arguments] }
  return { id: request.id, kind: plan.kind, command, models: [{ id: plan.served }] }
}

interface Plan {
  readonly kind: string
  /** How it calls its model. */
  readonly served: string
  readonly command: ManagedCommand
}

type MakePlan = (request: EngineRequest, dependencies: EngineDependencies) => Promise<Plan>

const plans: Readonly<Record<EngineName, MakePlan>> = { mlx: planMlx, 'llama-server': planLlamaServer, vllm: planVllm }

async function planMlx({ model, signal, onStep }: EngineRequest, dependencies: EngineDependencies): Promise<Plan> {
  const { environment, folder } = dependencies
  const path = await pathOf(model)
  if (path === undefined) requireHubName(model)
  const programs = await makePythonEnvironment({
    folder: join(folder, `mlx-lm-${mlxVersion}`),
    packages: mlxPackages(process.platform),
    settings: { environment },
    signal,
    onStep,
  })
  // Its list of models breaks off where this folder is missing.
  await mkdir(dependencies.hubCacheFolder, { recursive: true })
  if (path === undefined) await fetchHubModel({ programs, model, folder, environment, signal, onStep })
  return {
    kind: 'mlx-lm',
    served: path === undefined ? model : 'default_model',
    command: {
      program: join(programs, 'mlx_lm.server'),
      arguments: ['--model', path ?? model, '--host', '127.0.0.1', '--port', '{port}'],
      // It would fetch whatever model a request names.
      environment: { HF_HUB_OFFLINE: '1', HF_HUB_CACHE: dependencies.hubCacheFolder },
    },
  }
}

async function planLlamaServer({ model, program }: EngineRequest, { environment }: EngineDependencies): Promise<Plan> {
  const path = await pathOf(model)
  if (path === undefined) requireHubName(model)
  const served = basename(model).replace(/\.gguf$/i, '')
  return {
    kind: 'llama-server',
    served,
    command: {
      program: await requireProgram(program ?? 'llama-server', environment),
      arguments: [...(path === undefined ? ['-hf', model] : ['-m', path]), '--alias', served, ...atPort],
    },
  }
}

async function planVllm({ model, program }: EngineRequest, { environment }: EngineDependencies): Promise<Plan> {
  const path = await pathOf(model)
  if (path === undefined) requireHubName(model)
  const served = path === undefined ? model : basename(path)
  return {
    kind: 'vllm',
    served,
    command: {
      program: await requireProgram(program ?? 'vllm', environment),
      arguments: ['serve', path ?? model, '--served-model-name', served, ...atPort],
    },
  }
}

const atPort = ['--host', '127.0.0.1', '--port', '{port}']

async function pathOf(model: string): Promise<string | undefined> {
  const path = resolve(model)
  return stat(path).then(
    () => path,
    () => undefined,
  )
}

function requireHubName(model: string): void {
  if (/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*(:[\w.-]+)?$/.test(model)) return
  const quoted = JSON.stringify(model.slice(0, 200))
  throw new ModelError('not-found', `there is no model at ${quoted}; give a path, or owner/name as the hub has it`)
}

async function requireProgram(name: string, environment: Environment): Promise<string> {
  const path = await findProgram(name, environment)
  if (path !== undefined) return path
  throw new ModelError(
    'unavailable',
    `${JSON.stringify(name.slice(0, 200))} is not on this machine; install it, or say where it is with --program`,
  )
}
