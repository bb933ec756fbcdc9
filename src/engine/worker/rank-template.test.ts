import { expect, test } from 'vitest'
import { cutTemplate } from './rank-template.ts'

test('a template is cut where query and document go', () => {
  expect(cutTemplate('<q>{query}</q>\n{document}')).toEqual([
    { type: 'text', text: '<q>' },
    { type: 'query' },
    { type: 'text', text: '</q>\n' },
    { type: 'document' },
  ])
})

test.each(['', 'Rank these.', 'only {query}', 'only {document}', '{ query } {document}'])(
  'a template without a place for both is refused: %j',
  template => {
    expect(() => cutTemplate(template)).toThrow(/has no place for the/)
  },
)
