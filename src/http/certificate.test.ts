import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { connect } from 'node:tls'

import { CreateRepositoryCommand, ECRPUBLICClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr-public'
import { test as base, expect } from 'vitest'

import { generateCertificate, type TestCertificate, writeCertificate } from '../../test/support/certificate.ts'
import { endWithThisProcess } from '../../test/support/child-processes.ts'
import { randomContent } from '../../test/support/images.ts'
import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import { until } from '../../test/support/until.ts'
import { createApp } from '../assemble.ts'
import { CertificateInvalid } from './certificate.ts'

const first = generateCertificate()
const second = generateCertificate()

/** A registry that is served with the certificate in `files`. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('folder', async ({}, { onCleanup }) => {
    const folder = await temporaryDirectory('tls')
    onCleanup(() => folder[Symbol.asyncDispose]())
    return folder.path
  })
  .extend('files', ({ folder }) => writeCertificate(folder, first))
  .extend('app', async ({ files }, { onCleanup }) => {
    const app = await createApp({ tls: files })
    onCleanup(() => app[Symbol.asyncDispose]())
    return app
  })
  .extend('url', ({ app }) => app.listen())

test('a push and a pull work over HTTPS, and every URL that clients are told is one of HTTPS', async ({ app, url }) => {
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const { host } = new URL(url)
  using httpsAgent = trusting(first)
  const ping = await ask(httpsAgent, 'GET', `${url}/v2/`)
  expect(ping.headers['www-authenticate']).toBe(`Bearer realm="${url}/token/",service="${host}",scope="aws"`)

  const client = new ECRPUBLICClient({
    ...{ endpoint: url, region: 'us-east-1', credentials: app.newAdminKey!, requestHandler: { httpsAgent } },
  })
  const { repository } = await client.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }))
  expect(repository?.repositoryUri).toBe(`${host}/library/team/app`)
  const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}))
  const headers = { authorization: `Bearer ${authorizationData!.authorizationToken}` }

  const blob = randomContent(3_000_000)
  const uploads = `${url}/v2/library/team/app/blobs/uploads/`
  const pushed = await ask(httpsAgent, 'POST', `${uploads}?digest=${blob.digest}`, headers, blob.bytes)
  expect(pushed.status).toBe(201)
  const pulled = await ask(httpsAgent, 'GET', `${url}${pushed.headers.location}`)
  expect(pulled.bytes.equals(blob.bytes)).toBe(true)
})

test('HTTP/1.1 is what is agreed on, whatever else a client offers', async ({ url }) => {
  const socket = connect({ port: Number(new URL(url).port), ca: first.cert, ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  expect(socket.alpnProtocol).toBe('http/1.1')
  socket.destroy()
})

test('a new certificate is shown soon after its files changed, while connections go on', async ({ folder, url }) => {
  using agent = trusting(first)
  await ask(agent, 'GET', `${url}/v2/`)
  await writeCertificate(folder, second)
  await until('the new certificate', () => isShown(url, second))
  // The connection from before is used again: this client does not trust the new certificate.
  expect((await ask(agent, 'GET', `${url}/v2/`)).status).toBe(401)
})

test.for([
  ['is of another certificate', second.key],
  ['is empty', ''],
  ['is cut off', first.key.slice(0, 100)],
] as const)('while the key %s, the certificate before stays', async ([, key], { app, files, url }) => {
  await writeFile(files.key, key)
  await app.reloadCertificate()
  expect(await isShown(url, first)).toBe(true)
  await writeFile(files.certificate, second.cert)
  await writeFile(files.key, second.key)
  await app.reloadCertificate()
  expect(await isShown(url, second)).toBe(true)
})

test.for([
  ['there is no certificate', 'certificate', undefined, /ENOENT.*nowhere/],
  ['there is no key', 'key', undefined, /ENOENT.*nowhere/],
  ['the certificate is none', 'certificate', 'certificate', /tls\.crt cannot be used: .*no start line/],
  ['the key is none', 'key', first.cert, /tls\.key cannot be used: /],
  ['the key is empty', 'key', '', /tls\.key cannot be used: /],
  ['the key is of another certificate', 'key', second.key, /tls\.key is not the key of .*tls\.crt/],
] as const)('nothing starts when %s', async ([, which, content, message], { folder, files }) => {
  if (content !== undefined) await writeFile(files[which], content)
  const tls = content === undefined ? { ...files, [which]: join(folder, 'nowhere') } : files
  const data = join(folder, 'data')
  const started = createApp({ tls, storage: { kind: 'filesystem', folder: data } })
  await expect(started).rejects.toThrow(message)
  await expect(started).rejects.toThrow(CertificateInvalid)
  // Nor is an administrator's key made, which would have been shown once.
  expect(existsSync(data)).toBe(false)
})

test('the command reads its certificate again at SIGHUP, and says whether it could', async ({ files }) => {
  const program = join(import.meta.dirname, '..', 'cli', 'main.ts')
  const child = spawn(process.execPath, [program, 'serve', '--listen', '127.0.0.1:0', '--data', ':memory:'], {
    env: { WAYBILL_TLS_CERTIFICATE: files.certificate, WAYBILL_TLS_KEY: files.key },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithThisProcess(child)
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  const url = await until('the welcome', async () => /listening on (https:\S+) /.exec(said)?.[1])
  expect(said).toContain(`--endpoint-url ${url}`)

  child.kill('SIGHUP')
  await until('the certificate to be read again', async () => said.includes('"subject":"CN=localhost"'))
  await writeFile(files.key, '')
  child.kill('SIGHUP')
  await until('the broken key to be noticed', async () => said.includes('the one before stays'))
  expect(await isShown(url, first)).toBe(true)

  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

function trusting({ cert }: TestCertificate): Agent & Disposable {
  const agent = new Agent({ ca: cert, keepAlive: true, maxCachedSessions: 0 })
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() })
}

async function ask(agent: Agent, method: string, url: string, headers: Record<string, string> = {}, body?: Buffer) {
  const sent = request(url, { agent, method, headers }).end(body)
  const [answer] = await once(sent, 'response')
  return { status: answer.statusCode as number, headers: answer.headers, bytes: await buffer(answer) }
}

async function isShown(url: string, { cert }: TestCertificate): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerX509Certificate()!
  socket.destroy()
  return fingerprint256 === new X509Certificate(cert).fingerprint256
}
