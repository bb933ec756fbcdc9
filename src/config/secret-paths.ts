import type { Path } from './file-tree.ts'
import { fileKeyOf } from './setting.ts'
import type { Setting } from './setting.ts'
import { settingNames, settings } from './settings.ts'

const secretHeader = /auth|key|token|secret|cookie|password/i

/** Whether what stands at a path of the file is a secret, or may be one. */
export function isSecretPath(path: Path): boolean {
  const [section, , field, name] = path
  if (section === 'keys') return true
  if (section === 'providers') {
    if (field === 'headers') return typeof name !== 'string' || secretHeader.test(name)
    return field === 'key' || (field === 'command' && name === 'environment')
  }
  return path.length > 0 && secretSettings.some(setting => fileKeyOf(setting) === section)
}

/** Whether what stands at a path of the file only says where the secret is. */
export function isOpenWord([section, ...others]: Path, word: string): boolean {
  if (section === undefined || others.length > 0) return false
  return secretSettings.some(setting => fileKeyOf(setting) === section && setting.openWord === word)
}

const secretSettings: readonly Setting[] = settingNames
  .map((name): Setting => settings[name])
  .filter(({ isSecret }) => isSecret === true)
