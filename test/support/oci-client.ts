import { type Answer, ask, type Question } from './answer.ts'

/** A registry endpoint as one caller sees it. Answers come as they are: a test looks at them itself. */
export class OciClient {
  readonly url: string
  readonly authorization: string | undefined

  /** `authorization` goes into the header as it is: `Bearer …`, `Basic …`. */
  constructor(url: string, authorization?: string) {
    this.url = url
    this.authorization = authorization
  }

  as(authorization: string | undefined): OciClient {
    return new OciClient(this.url, authorization)
  }

  /** `path` begins with a slash; a Location of the registry will do. */
  ask(method: string, path: string, { headers, body }: Question = {}): Promise<Answer> {
    return ask(method, new URL(path, this.url).href, {
      headers: { ...(this.authorization !== undefined && { authorization: this.authorization }), ...headers },
      body,
    })
  }

  get(path: string, headers?: Question['headers']): Promise<Answer> {
    return this.ask('GET', path, headers && { headers })
  }

  head(path: string, headers?: Question['headers']): Promise<Answer> {
    return this.ask('HEAD', path, headers && { headers })
  }

  put(path: string, body?: Question['body'], headers?: Question['headers']): Promise<Answer> {
    return this.ask('PUT', path, { body, ...(headers && { headers }) })
  }

  patch(path: string, body: Question['body'], headers?: Question['headers']): Promise<Answer> {
    return this.ask('PATCH', path, { body, ...(headers && { headers }) })
  }

  post(path: string, body?: Question['body'], headers?: Question['headers']): Promise<Answer> {
    return this.ask('POST', path, { body, ...(headers && { headers }) })
  }

  delete(path: string): Promise<Answer> {
    return this.ask('DELETE', path)
  }
}

/** The codes in a registry endpoint's error body. */
export function errorCodes(answer: Answer): string[] {
  const { errors } = JSON.parse(answer.bytes.toString()) as { errors: { code: string; message: string }[] }
  return errors.map((error) => error.code)
}

/** The messages in a registry endpoint's error body. */
export function errorMessages(answer: Answer): string[] {
  const { errors } = JSON.parse(answer.bytes.toString()) as { errors: { code: string; message: string }[] }
  return errors.map((error) => error.message)
}
