/** A piece of a template for ranking: words of its own, or the place of what the client sends. */
export type TemplatePiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'query' }
  | { readonly type: 'document' }

/** Cuts a template at the places of query and document. Throws an `Error` where one of them is missing. */
export function cutTemplate(template: string): readonly TemplatePiece[] {
  const pieces = template.split(/(\{query\}|\{document\})/).flatMap((text): readonly TemplatePiece[] => {
    if (text === '{query}') return [{ type: 'query' }]
    if (text === '{document}') return [{ type: 'document' }]
    return text === '' ? [] : [{ type: 'text', text }]
  })
  for (const place of ['query', 'document'] as const) {
    if (!pieces.some(({ type }) => type === place))
      throw new Error(`the template for ranking has no place for the ${place}`)
  }
  return pieces
}
