import { dirname, resolve } from 'node:path'
import type { Environment } from './environment.ts'
import { readBounded } from './read-bounded.ts'

/** What a text of a configuration file stands for. */
export type Resolved =
  | { readonly type: 'plain'; readonly text: string }
  | { readonly type: 'found'; readonly text: string }
  | { readonly type: 'missing'; readonly why: string }

/** Resolves `${NAME}`, `${NAME:-default}` and `file:path`. */
export type References = (text: string) => Promise<Resolved>

const mostBytes = 64 * 1024

/**
 * Resolves references to the environment, and to files that stand beside the configuration file or anywhere else.
 * `onFile` is told of each file that was looked for, so that its changes can be watched.
 */
export function createReferences(
  configFile: string,
  environment: Environment,
  onFile: (path: string) => void,
): References {
  return async text => {
    if (text.startsWith('file:')) {
      const path = resolve(dirname(configFile), text.slice('file:'.length))
      onFile(path)
      return readReferenced(path)
    }
    return text.includes('${') ? expand(text, environment) : { type: 'plain', text }
  }
}

async function readReferenced(path: string): Promise<Resolved> {
  const read = await readBounded(path, mostBytes)
  if (read.type === 'refused') return { type: 'missing', why: `the file ${path} ${read.why}` }
  // Editors and `echo` end a file with a line break that is no part of a secret.
  return { type: 'found', text: read.text.replace(/\r?\n$/, '') }
}

const reference = /\$(\$\{)|\$\{([^{}]*)\}|\$\{/g

function expand(text: string, environment: Environment): Resolved {
  const faults: string[] = []
  let isFound = false
  const expanded = text.replaceAll(reference, (whole, escaped: string | undefined, inside: string | undefined) => {
    if (escaped !== undefined) return escaped
    isFound = true
    const [, name, otherwise] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside ?? '') ?? []
    if (name === undefined) {
      faults.push(
        `${JSON.stringify(whole)} is no reference; write \${NAME} or \${NAME:-default}, or $\${ for a plain \${`,
      )
      return ''
    }
    const value = environment[name] ?? ''
    if (value === '' && otherwise === undefined) faults.push(missing(name))
    return value === '' ? (otherwise ?? '') : value
  })
  if (faults.length > 0) return { type: 'missing', why: faults.join('; ') }
  return { type: isFound ? 'found' : 'plain', text: expanded }
}

function missing(name: string): string {
  return `the variable ${name} is not set; set it, or write \${${name}:-default}`
}
