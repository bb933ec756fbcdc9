import { ModelError, type ErrorKind, type ModelErrorOptions } from '../core/errors.ts'

/** A failure of the HTTP exchange itself, with a status that no error kind stands for. */
export class HttpError extends ModelError {
  readonly status: number

  constructor(status: number, message: string, options: ModelErrorOptions & { readonly kind?: ErrorKind } = {}) {
    super(options.kind ?? 'invalid-request', message, options)
    this.status = status
  }
}
