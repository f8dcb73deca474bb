import { describe, expect, test } from 'vitest'

import { ask } from '../../test/support/answer.ts'
import { sendSigned } from '../../test/support/signed-request.ts'
import { type App, createApp } from '../assemble.ts'
import type { AccessKey } from '../auth/access-keys.ts'
import { type AddressRange, TrustedProxies } from './trusted-proxies.ts'

const thisHost: AddressRange = { address: '127.0.0.1', prefixBits: 32 }
const elsewhere: AddressRange = { address: '10.0.0.0', prefixBits: 8 }

describe('who is trusted', () => {
  const proxies = new TrustedProxies([elsewhere, thisHost, { address: 'fd00::', prefixBits: 8 }])

  test.for(['10.255.0.1', '127.0.0.1', 'fd12::1', '::ffff:10.1.2.3'])('%s, which is in a range', (address) => {
    expect(proxies.has(address)).toBe(true)
  })

  test.for(['11.0.0.1', '127.0.0.2', 'fe80::1', '::ffff:11.1.2.3', 'unknown', '10.0.0.1:80', '', undefined])(
    'not %s',
    (address) => {
      expect(proxies.has(address)).toBe(false)
    },
  )
})

describe('what clients are told', () => {
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'registry.example.com' }

  test('is what a trusted proxy says they asked for', async () => {
    await using app = await createApp({ trustedProxies: [thisHost] })
    expect(await challengeOf(app, forwarded)).toEqual({
      realm: 'https://registry.example.com/token/',
      service: 'registry.example.com',
    })
  })

  test.for([
    ['of nobody', []],
    ['of others', [elsewhere]],
  ] as const)('is what they asked for themselves, where X-Forwarded is believed %s', async ([, trustedProxies]) => {
    await using app = await createApp({ trustedProxies })
    const { realm, service } = await challengeOf(app, forwarded)
    expect(realm).toBe(`http://${service}/token/`)
    expect(service).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  test.for([
    ['the last of several hosts', 'x-forwarded-host', 'evil.example, good.example:8443', 'https://good.example:8443'],
    ['no host that cannot be one', 'x-forwarded-host', 'a"b', 'https://127.0.0.1'],
    ['no scheme but HTTP and HTTPS', 'x-forwarded-proto', 'javascript', 'http://registry.example.com'],
    ['the last of several schemes', 'x-forwarded-proto', 'http,https', 'https://registry.example.com'],
  ] as const)('is %s', async ([, header, value, url]) => {
    await using app = await createApp({ trustedProxies: [thisHost] })
    const { realm } = await challengeOf(app, { ...forwarded, [header]: value })
    expect(realm.replace(/127\.0\.0\.1:\d+/, '127.0.0.1')).toBe(`${url}/token/`)
  })

  test('is the public URL, where there is one', async () => {
    await using app = await createApp({ trustedProxies: [thisHost], publicUrl: 'https://public.example' })
    expect((await challengeOf(app, forwarded)).service).toBe('public.example')
  })
})

describe('what policies are told', () => {
  test.for([
    ['a proxy speaks for an address that is allowed, over TLS', [thisHost], '192.0.2.7', 'https', 200],
    ['it speaks for another address', [thisHost], '192.0.2.8', 'https', 400],
    ['it speaks of no TLS', [thisHost], '192.0.2.7', 'http', 400],
    ['a client names itself before the proxy does', [thisHost], '192.0.2.7, 198.51.100.1', 'https', 400],
    ['a client asks through two proxies', [thisHost, elsewhere], '192.0.2.7, 10.0.0.5', 'https', 200],
    ['a client itself claims all that', [elsewhere], '192.0.2.7', 'https', 400],
    ['a client itself claims all that, and there is no proxy', [], '192.0.2.7', 'https', 400],
  ] as const)('%s', async ([, trustedProxies, forwardedFor, scheme, status]) => {
    await using app = await createApp({ trustedProxies })
    const url = await app.listen()
    const answer = await sendSigned(url, {
      ...{ key: await keyForOneAddressOverTls(app), operation: 'DescribeRegistries', body: '{}' },
      headers: { 'x-forwarded-for': forwardedFor, 'x-forwarded-proto': scheme },
    })
    expect(answer.status).toBe(status)
  })
})

async function challengeOf(app: App, headers: Record<string, string>) {
  const answer = await ask('GET', `${await app.listen()}/v2/`, { headers })
  const [, realm = '', service = ''] = /realm="(.*?)",service="(.*?)"/.exec(answer.headers.get('www-authenticate')!)!
  return { realm, service }
}

/** Of a user whose policy asks for the address 192.0.2.7, and TLS. */
async function keyForOneAddressOverTls({ identities }: App): Promise<AccessKey> {
  const accountId = '000000000000'
  await identities.users.create(accountId, 'ci')
  const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.7' }, Bool: { 'aws:SecureTransport': 'true' } }
  const Statement = [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }]
  const policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await identities.policies.put(accountId, 'ci', 'from-one-address', policy)
  return identities.keys.create(accountId, 'ci')
}
