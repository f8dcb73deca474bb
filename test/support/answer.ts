/** An HTTP answer, read to its end: one left unread would hold its connection, and the server's end, up. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

type Body = NonNullable<RequestInit['body']> | undefined

export interface Question {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
}

/** What no request of a test may take longer than. */
export const deadlineMs = 5_000

/** Asks, and never follows a redirect. Rejects when the answer is not there in time. */
export async function ask(method: string, url: string, { headers = {}, body }: Question = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(deadlineMs),
    ...(body !== undefined && { body }),
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

export function jsonOf(answer: { readonly bytes: Buffer }): unknown {
  return JSON.parse(answer.bytes.toString())
}

/** A body of several chunks, which no length is sent of. */
export function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks)
}
