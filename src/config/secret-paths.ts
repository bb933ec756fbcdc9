import type { Path } from './file-tree.ts'
import { fileKeyOf, settingNames, settings } from './settings.ts'
import type { Setting } from './settings.ts'

const secretHeader = /auth|key|token|secret|cookie|password/i

/** Whether what stands at a path of the file is a secret, or may be one. */
export function isSecretPath(path: Path): boolean {
  const [section, , field, name] = path
  if (section === 'keys') return true
  if (section === 'providers') {
    if (field === 'headers') return typeof name !== 'string' || secretHeader.test(name)
    return field === 'key' || (field === 'command' && name === 'environment')
  }
  return path.length > 0 && secretSettings.some(key => key === section)
}

const secretSettings: readonly (string | undefined)[] = settingNames.flatMap(name => {
  const setting: Setting = settings[name]
  return setting.isSecret === true ? [fileKeyOf(setting)] : []
})
