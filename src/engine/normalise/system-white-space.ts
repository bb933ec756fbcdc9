import type { ModelRequest } from '../../core/request.ts'

/**
 * Takes away the white space at the end of system blocks, and blocks of nothing else.
 * Clients add and lose it when they take a prompt apart or put it together.
 */
export function trimSystem(request: ModelRequest): ModelRequest {
  const system = request.system
    .map(block => ({ ...block, text: block.text.trimEnd() }))
    .filter(({ text, cache }) => text !== '' || cache !== undefined)
  return { ...request, system }
}
