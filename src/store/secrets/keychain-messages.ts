/** What the keychain's process is asked. A key is known by its id, and written as 64 hexadecimal digits. */
export type KeychainQuestion =
  | { readonly type: 'find'; readonly id: string }
  | { readonly type: 'keep'; readonly id: string; readonly key: string }
  | { readonly type: 'forget'; readonly id: string }

/** What it answers, once. */
export type KeychainAnswer =
  | { readonly type: 'done'; readonly key?: string }
  | { readonly type: 'failed'; readonly why: KeychainFailure }

/** Why the keychain cannot be used: `taken` says that something else is kept under the key's name. */
export type KeychainFailure = 'no-package' | 'no-service' | 'refused' | 'taken'
