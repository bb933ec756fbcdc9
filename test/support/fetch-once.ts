import { provisionForTests } from './engine-package.ts'
import { starterModel } from './starter-model.ts'

/** Fetches, before the first test, what tests need from outside: the engine, then the starter model. */
export async function setup(): Promise<void> {
  await provisionForTests()
  await starterModel()
}
