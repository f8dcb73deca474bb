import { describe, expect, test } from 'vitest'

import { ecrRates } from '../http/rates.ts'
import { defaultLimits } from '../registry/limits.ts'
import type { Config } from './config.ts'
import { type GivenSettings, parseConfig, SettingInvalid, settingsFrom } from './parse-config.ts'
import { type SettingName, settingNames, settings } from './settings.ts'

const key = { accessKeyId: 'AKIA1', secretAccessKey: 'a secret of mine' }
const bytes = Buffer.alloc(32, 1)

interface Cases {
  /** What it becomes in the configuration. */
  readonly of: (config: Config) => unknown
  readonly byDefault: unknown
  readonly taken: readonly (readonly [text: string, value: unknown])[]
  readonly refused: readonly string[]
  /** What has to be given with it. */
  readonly beside?: GivenSettings
}

const notCounts = ['0', '-1', '1.5', '1e3', ' 1', 'x', '9007199254740993']

function count(name: keyof typeof defaultLimits): Cases {
  const taken = [
    ['1', 1],
    ['123456', 123_456],
  ] as const
  return { of: ({ limits }) => limits[name], byDefault: defaultLimits[name], taken, refused: notCounts }
}

/** A new setting needs a row: the compiler asks for it. */
const cases: { readonly [Name in SettingName]: Cases } = {
  listen: {
    of: ({ listen }) => listen,
    byDefault: { host: '127.0.0.1', port: 8080 },
    taken: [
      ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
      ['[::1]:65535', { host: '::1', port: 65_535 }],
      ['registry.example:443', { host: 'registry.example', port: 443 }],
    ],
    refused: ['8080', ':8080', 'localhost', '127.0.0.1:', '127.0.0.1:65536', '::1:8080', 'http://x:80', 'a b:1'],
  },
  data: {
    of: ({ storage }) => storage,
    byDefault: { kind: 'filesystem', folder: './data' },
    taken: [
      ['/srv/waybill', { kind: 'filesystem', folder: '/srv/waybill' }],
      [':memory:', { kind: 'memory' }],
    ],
    refused: [],
  },
  publicUrl: {
    of: ({ publicUrl }) => publicUrl,
    byDefault: undefined,
    taken: [
      ['https://registry.example', 'https://registry.example'],
      ['http://registry.example:8080/', 'http://registry.example:8080'],
      ['HTTPS://Registry.Example:443', 'https://registry.example'],
    ],
    refused: [
      'registry.example',
      'ftp://x',
      'https://x/v2',
      'https://x/?a',
      'https://x/#a',
      'https://me@x',
      'https://',
    ],
  },
  tlsCertificate: {
    of: ({ tls }) => tls?.certificate,
    byDefault: undefined,
    taken: [['/etc/tls/chain.pem', '/etc/tls/chain.pem']],
    refused: [],
    beside: { tlsKey: '/etc/tls/key.pem' },
  },
  tlsKey: {
    of: ({ tls }) => tls?.key,
    byDefault: undefined,
    taken: [['/etc/tls/key.pem', '/etc/tls/key.pem']],
    refused: [],
    beside: { tlsCertificate: '/etc/tls/chain.pem' },
  },
  trustedProxies: {
    of: ({ trustedProxies }) => trustedProxies,
    byDefault: [],
    taken: [
      ['10.0.0.1', [{ address: '10.0.0.1', prefixBits: 32 }]],
      [
        '10.0.0.0/8, fd00::/8',
        [
          { address: '10.0.0.0', prefixBits: 8 },
          { address: 'fd00::', prefixBits: 8 },
        ],
      ],
      ['::1,', [{ address: '::1', prefixBits: 128 }]],
    ],
    refused: ['proxy.example', '10.0.0.0/33', 'fd00::/129', '10.0.0', '10.0.0.1/', '10.0.0.1,x'],
  },
  accountId: {
    of: ({ account }) => account.id,
    byDefault: '000000000000',
    taken: [['123456789012', '123456789012']],
    refused: ['12345678901', '1234567890123', '12345678901x', '１２３４５６７８９０１２'],
  },
  alias: {
    of: ({ account }) => account.alias,
    byDefault: 'library',
    taken: [['acme-labs', 'acme-labs']],
    refused: ['Acme', 'a/b', '123456789012', 'x'.repeat(51), 'v2', 'token'],
  },
  adminAccessKeyId: {
    of: ({ account }) => account.adminKey,
    byDefault: undefined,
    taken: [[key.accessKeyId, key]],
    refused: ['AK', 'AKIA-1', 'x'.repeat(129)],
    beside: { adminSecretAccessKey: key.secretAccessKey },
  },
  adminSecretAccessKey: {
    of: ({ account }) => account.adminKey,
    byDefault: undefined,
    taken: [[key.secretAccessKey, key]],
    refused: ['7 chars', 'x'.repeat(257)],
    beside: { adminAccessKeyId: key.accessKeyId },
  },
  secretKey: {
    of: ({ secretKey }) => secretKey,
    byDefault: undefined,
    taken: [[bytes.toString('base64'), bytes]],
    refused: ['not a key', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64')],
  },
  log: {
    of: ({ log }) => log,
    byDefault: 'info',
    taken: ['debug', 'info', 'warn', 'error', 'silent'].map((level) => [level, level] as const),
    refused: ['INFO', 'trace', 'verbose'],
  },
  repositoriesMax: count('repositoriesMax'),
  imagesPerRepositoryMax: count('imagesPerRepositoryMax'),
  tagsPerImageMax: count('tagsPerImageMax'),
  layerBytesMax: count('layerBytesMax'),
  uploadIdleMsMax: count('uploadIdleMsMax'),
  collectGraceMs: count('collectGraceMs'),
  deletedKeepMs: count('deletedKeepMs'),
  readOnly: {
    of: ({ isReadOnly }) => isReadOnly,
    byDefault: false,
    taken: [
      ['on', true],
      ['off', false],
    ],
    refused: ['true', '1', 'ON'],
  },
  metrics: {
    of: ({ metrics }) => metrics,
    byDefault: 'loopback',
    taken: ['off', 'loopback', 'all'].map((audience) => [audience, audience] as const),
    refused: ['on', 'everybody'],
  },
  drainMs: {
    of: ({ drainMs }) => drainMs,
    byDefault: 0,
    taken: [
      ['0', 0],
      ['15000', 15_000],
    ],
    refused: ['-1', '1.5', 'x', '9007199254740993'],
  },
  rateLimits: {
    of: ({ rates }) => rates,
    byDefault: new Map(),
    taken: [
      ['off', new Map()],
      ['ecr', ecrRates],
      ['PutImage=10, anonymous-pull=0.5', new Map(Object.entries({ PutImage: 10, 'anonymous-pull': 0.5 }))],
      ['ecr,PutImage=3', new Map([...ecrRates, ['PutImage', 3]])],
    ],
    refused: ['on', 'PutImage', 'PutImage=', 'PutImage=0', 'PutImage=-1', 'PutImages=1', 'BatchGetImage=1', 'ecr,'],
  },
  quirks: {
    of: ({ quirks }) => quirks,
    byDefault: 'none',
    taken: [
      ['aws', 'aws'],
      ['none', 'none'],
    ],
    refused: ['AWS', 'all'],
  },
}

describe.for(settingNames)('%s', (name) => {
  const { of, byDefault, taken, refused, beside } = cases[name]
  const { variable, flag } = settings[name]

  test('has its default when it is not set', () => {
    expect(of(parseConfig({}))).toEqual(byDefault)
  })

  test.for(taken)('may be %j', ([text, value]) => {
    expect(of(parseConfig({ ...beside, [name]: text }))).toEqual(value)
  })

  test.for(refused)('cannot be %j', (text) => {
    const parse = () => parseConfig({ ...beside, [name]: text })
    expect(parse).toThrow(SettingInvalid)
    expect(parse).toThrow(`${variable} (--${flag}): `)
  })

  test('is read from its variable, where an empty one is not set', () => {
    expect(settingsFrom({ [variable]: 'text', OTHER: 'x' })).toEqual({ [name]: 'text' })
    expect(settingsFrom({ [variable]: '' })).toEqual({})
  })
})

test.for<[given: SettingName, lacking: SettingName]>([
  ['adminAccessKeyId', 'adminSecretAccessKey'],
  ['adminSecretAccessKey', 'adminAccessKeyId'],
  ['tlsCertificate', 'tlsKey'],
  ['tlsKey', 'tlsCertificate'],
])('%s is of no use without %s', ([given, lacking]) => {
  const text = cases[given].taken[0]![0]
  expect(() => parseConfig({ [given]: text })).toThrow(
    `${settings[lacking].variable} (--${settings[lacking].flag}): is needed`,
  )
})

test.for(settingNames.filter((name) => 'isSecret' in settings[name]))(
  'what is wrong with %s is said without showing it',
  (name) => {
    for (const text of cases[name].refused) {
      expect(() => parseConfig({ ...cases[name].beside, [name]: text })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(text) as string }),
      )
    }
  },
)

test('no two settings share a flag or a variable', () => {
  const all = settingNames.map((name) => settings[name])
  expect(new Set(all.map(({ flag }) => flag)).size).toBe(all.length)
  expect(new Set(all.map(({ variable }) => variable)).size).toBe(all.length)
})
