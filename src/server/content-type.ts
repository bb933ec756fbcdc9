import { HttpError } from './http-error.ts'

const jsonType = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-?8"?[ \t]*)?;?[ \t]*$/i

/** Refuses a body that is not declared as JSON, as a form of a web page never is. */
export function requireJson(contentType: string | undefined): void {
  if (contentType !== undefined && jsonType.test(contentType)) return
  const found = contentType === undefined ? 'it is missing' : `it is ${JSON.stringify(contentType.slice(0, 100))}`
  throw new HttpError(415, `header content-type: ${found}; send application/json in UTF-8`)
}
