import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'

import type { AccessKey } from '../../src/auth/access-keys.ts'
import type { Content, Manifest } from './images.ts'
import { sign } from './signed-request.ts'

export interface QuickAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

/** An answer other than the one that was wanted. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly answer: QuickAnswer

  constructor(what: string, answer: QuickAnswer) {
    super(`${what} was answered with ${answer.status}: ${answer.bytes.toString().trim()}`)
    this.status = answer.status
    this.answer = answer
  }
}

/** How a client sends a blob through the registry endpoint. */
export type EndpointUpload = 'one POST' | 'POST and PUT' | 'PATCH in chunks'

/**
 * A client of both doors that does as little as it can, on a handful of connections: hundreds of pushes a second leave
 * something of the machine to the registry. Rejects with `Refused`, or with what the connection ended with.
 */
export class QuickClient implements Disposable {
  readonly #url: string
  readonly #key: AccessKey
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })
  #authorization: string | undefined

  constructor(url: string, key: AccessKey) {
    this.#url = url
    this.#key = key
  }

  async ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array,
  ): Promise<QuickAnswer> {
    const sent = request(new URL(path, this.#url), {
      method,
      agent: this.#agent,
      headers: { ...headers, 'content-length': body?.length ?? 0 },
    })
    sent.end(body)
    const [answer] = await once(sent, 'response')
    const bytes = Buffer.concat(await Array.fromAsync<Buffer>(answer))
    return { status: answer.statusCode, headers: answer.headers, bytes }
  }

  /** An operation of the API. Resolves with its output. */
  async call<Output = unknown>(operation: string, input: object): Promise<Output> {
    const signed = await sign(this.#url, { key: this.#key, operation, body: JSON.stringify(input) })
    const answer = await this.ask('POST', '/', { ...signed.headers }, Buffer.from(signed.body))
    if (answer.status !== 200) throw new Refused(operation, answer)
    return JSON.parse(answer.bytes.toString()) as Output
  }

  /** A request to the registry endpoint, with a token that is fetched first where there is none yet. */
  async send(
    wanted: number,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array,
  ): Promise<QuickAnswer> {
    this.#authorization ??= await this.#logIn()
    const answer = await this.ask(method, path, { ...headers, authorization: this.#authorization }, body)
    if (answer.status !== wanted) throw new Refused(`${method} ${path}`, answer)
    return answer
  }

  /** Pushes a blob through the registry endpoint. */
  async pushBlob(name: string, { digest, bytes }: Content, how: EndpointUpload): Promise<void> {
    const uploads = `/v2/${name}/blobs/uploads/`
    const octets = { 'content-type': 'application/octet-stream' }
    if (how === 'one POST') {
      await this.send(201, 'POST', `${uploads}?digest=${digest}`, octets, bytes)
      return
    }
    let { location } = (await this.send(202, 'POST', uploads)).headers
    if (how === 'PATCH in chunks') {
      const half = bytes.length >> 1
      for (const [start, end] of [
        [0, half],
        [half, bytes.length],
      ] as const) {
        if (start === end) continue
        const range = { ...octets, 'content-range': `${start}-${end - 1}` }
        ;({ location } = (await this.send(202, 'PATCH', location!, range, bytes.subarray(start, end))).headers)
      }
    }
    const rest = how === 'POST and PUT' ? bytes : undefined
    await this.send(201, 'PUT', `${location}?digest=${digest}`, octets, rest)
  }

  /** Pushes a manifest through the registry endpoint, with all that it needs. */
  async pushByEndpoint(
    name: string,
    manifest: Manifest,
    tag?: string,
    how: EndpointUpload = 'POST and PUT',
  ): Promise<void> {
    for (const child of manifest.children) await this.pushByEndpoint(name, child, undefined, how)
    for (const blob of manifest.blobs) await this.pushBlob(name, blob, how)
    await this.putManifest(name, manifest, tag)
  }

  async putManifest(name: string, { bytes, mediaType, digest }: Manifest, tag?: string): Promise<void> {
    await this.send(201, 'PUT', `/v2/${name}/manifests/${tag ?? digest}`, { 'content-type': mediaType }, bytes)
  }

  /** Uploads a layer through the API, in one part. */
  async uploadLayer(repositoryName: string, { bytes, digest, size }: Content): Promise<void> {
    const { uploadId } = await this.call<{ uploadId: string }>('InitiateLayerUpload', { repositoryName })
    const layerPartBlob = bytes.toString('base64')
    const part = { repositoryName, uploadId, layerPartBlob, partFirstByte: 0, partLastByte: size - 1 }
    await this.call('UploadLayerPart', part)
    await this.#orAlready('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [digest] })
  }

  /** Pushes a manifest through the API, with all that it needs, to a repository that is there. */
  async pushByApi(repositoryName: string, manifest: Manifest, imageTag?: string): Promise<void> {
    for (const child of manifest.children) await this.pushByApi(repositoryName, child)
    for (const blob of manifest.blobs) await this.uploadLayer(repositoryName, blob)
    await this.putImage(repositoryName, manifest, imageTag)
  }

  async putImage(repositoryName: string, { bytes, mediaType }: Manifest, imageTag?: string): Promise<void> {
    const input = { repositoryName, imageManifest: bytes.toString(), imageManifestMediaType: mediaType }
    await this.#orAlready('PutImage', imageTag === undefined ? input : { ...input, imageTag })
  }

  /** Throws unless the manifest is served, under the tag if one is given, with all that it needs, byte for byte. */
  async expectPulled(name: string, manifest: Manifest, tag?: string): Promise<void> {
    const { bytes } = await this.send(200, 'GET', `/v2/${name}/manifests/${tag ?? manifest.digest}`)
    if (!bytes.equals(manifest.bytes)) throw new Error(`${name}:${tag} is not ${manifest.digest}`)
    for (const blob of manifest.blobs) {
      const pulled = await this.send(200, 'GET', `/v2/${name}/blobs/${blob.digest}`)
      if (!pulled.bytes.equals(blob.bytes)) throw new Error(`the bytes of ${blob.digest} have changed`)
    }
    for (const child of manifest.children) await this.expectPulled(name, child)
  }

  /** The digest that a tag is on; `undefined` when there is no such tag. */
  async digestOf(name: string, tag: string): Promise<string | undefined> {
    try {
      const { headers } = await this.send(200, 'HEAD', `/v2/${name}/manifests/${tag}`)
      return headers['docker-content-digest'] as string
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  /** That it is there already is success. */
  async #orAlready(operation: string, input: object): Promise<void> {
    try {
      await this.call(operation, input)
    } catch (error) {
      if (error instanceof Refused && error.answer.bytes.includes('AlreadyExistsException')) return
      throw error
    }
  }

  async #logIn(): Promise<string> {
    type Output = { readonly authorizationData: { readonly authorizationToken: string } }
    const { authorizationData } = await this.call<Output>('GetAuthorizationToken', {})
    return `Basic ${authorizationData.authorizationToken}`
  }
}
