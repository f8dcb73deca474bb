/**
 * Why a text is no policy. `reason` is a sentence of ours, fit to be sent back; `path` is where in the document, as in
 * `Statement[0].Principal.AWS[1]`, and empty for the document as a whole.
 */
export class PolicyInvalid extends Error {
  override readonly name = 'PolicyInvalid'
  readonly reason: string
  readonly path: string

  constructor(reason: string, path: string, options?: ErrorOptions) {
    super(path === '' ? reason : `${path}: ${reason}`, options)
    this.reason = reason
    this.path = path
  }
}
