import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEngine } from '../../../test/support/engine.ts'
import { writeTinyModel } from '../../../test/support/tiny-model.ts'
import { useTinyModel } from '../../../test/support/use-tiny-model.ts'
import { templateRefusal } from './template-refusal.ts'

const files = useTinyModel()

test('the reason that the template gives is told', () => {
  const source = `{{ raise_exception('one') }} {{ raise_exception( "it\\'s \u202eanother" ) }}`
  const { kind, message } = templateRefusal(source, new Error("at row 1: it's \u202eanother, native words"))
  expect(kind).toBe('invalid-request')
  expect(message).toBe(`the model's chat template refuses this conversation: "it's \\u202eanother"`)
})

test('words that do not stand in the template are not told', () => {
  const { message } = templateRefusal("{{ raise_exception('one') }}", new Error('secret words'))
  expect(message).toMatch(/refuses this conversation; most want .* to alternate/)
})

test('a model’s own reason reaches who asked', async () => {
  const path = join(files.folder, 'refuses.gguf')
  const chatTemplate = `{% for message in messages %}{% if 'secret' in message.content %}{{ raise_exception('Nothing secret, please.') }}{% endif %}{{ message.content }}{% endfor %}`
  await writeTinyModel(path, { chatTemplate })
  const { engine, ask } = openEngine({ tiny: path })
  await expect(ask('Tell me a secret')).rejects.toMatchObject({
    kind: 'invalid-request',
    message: `the model's chat template refuses this conversation: "Nothing secret, please."`,
  })
  await engine.close()
})
