import { randomUUID } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { provisionForTests } from './engine-package.ts'
import { starterModel } from './starter-model.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Names this run of tests, while which the sources stay as they are. */
    readonly run: string
  }
}

/** Fetches, before the first test, what tests need from outside: the engine, then the starter model. */
export async function setup(project: TestProject): Promise<void> {
  const nameRun = (): void => project.provide('run', randomUUID())
  nameRun()
  project.onTestsRerun(nameRun)
  await provisionForTests()
  await starterModel()
}
