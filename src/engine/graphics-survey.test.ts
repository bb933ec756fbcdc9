import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { provisionForTests } from '../../test/support/engine-package.ts'
import { unconfined } from './confinement.ts'
import { createGraphicsSurvey, surveyGraphics } from './graphics-survey.ts'

const options = { environment: { PATH: process.env['PATH'] ?? '' }, confinement: unconfined }

test('the processor’s build knows of no graphics processor', async () => {
  expect(await surveyGraphics(await provisionForTests(), options)).toBeUndefined()
})

test('a process that cannot ask says so', async () => {
  await expect(surveyGraphics('/nowhere', options)).rejects.toThrow(/did not answer/)
})

test('a build for graphics processors is asked once for all, and one that finds none has no memory of theirs', async () => {
  const folder = await temporaryFolder()
  const packageDirectory = join(folder.path, 'node-llama-cpp')
  await symlink(await provisionForTests(), packageDirectory)
  await mkdir(join(folder.path, '@node-llama-cpp', 'linux-x64-cuda'), { recursive: true })
  const log = join(folder.path, 'asked')
  const prefix = ['/bin/sh', '-c', `echo asked >> ${log}; exec "$@"`, 'sh']
  const survey = createGraphicsSurvey()
  const ask = () => survey.ask(packageDirectory, { ...options, confinement: { prefix, hasNoNetwork: false } })
  await Promise.all([ask(), ask()])
  expect(survey.freeBytes()).toBeUndefined()
  expect(await readFile(log, 'utf8')).toBe('asked\n')
  await folder.remove()
})
