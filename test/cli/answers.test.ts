import { test as base, describe, expect } from 'vitest'

import { type App, createApp } from '../../src/assemble.ts'
import type { AccessKey } from '../../src/auth/access-keys.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { commandsMsMax, type Ended, onFolder, waybill } from './waybill.ts'

/** A data folder with a server on it, an account beside the first, and a user who may push to one repository. */
interface Site {
  readonly app: App
  readonly url: string
  readonly folder: string
  readonly key: AccessKey
}

const account = '123456789012'
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string
const keyId = expect.stringMatching(/^AKIA[A-Z2-7]{16}$/) as string
const secret = expect.stringMatching(/^[A-Za-z0-9+/]{40}$/) as string
const push = JSON.stringify({
  Statement: { Sid: 'Push', Effect: 'Allow', Action: 'ecr-public:PutImage', Resource: '*' },
})

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('site', { scope: 'file' }, async ({}, { onCleanup }): Promise<Site> => {
    await using resources = new AsyncDisposableStack()
    const { path: folder } = resources.use(await temporaryDirectory('cli'))
    const app = resources.use(await createApp({ storage: { kind: 'filesystem', folder } }))
    const { accounts, users, keys, policies } = app.identities
    await accounts.create({ id: account, alias: 'acme' })
    await users.create(account, 'bob')
    await policies.put(account, 'bob', 'mine', push)
    const site = { app, folder, url: await app.listen(), key: await keys.create(account, 'bob') }
    const held = resources.move()
    onCleanup(() => held[Symbol.asyncDispose]())
    return site
  })
  .extend('run', { scope: 'file' }, ({ site }) => onFolder(site.folder))
  .extend('say', { scope: 'file' }, ({ site }) => (args: readonly string[], input?: string): Promise<Ended> => {
    return waybill(args, { env: { WAYBILL_DATA: site.folder }, ...(input !== undefined && { input }) })
  })

describe.concurrent('--json', { timeout: commandsMsMax }, () => {
  const bob = {
    accountId: account,
    name: 'bob',
    arn: `arn:aws:iam::${account}:user/bob`,
    isRoot: false,
    createdAt: time,
  }
  const acme = {
    id: account,
    aliases: ['acme'],
    createsOnPush: false,
    displayName: '',
    isVerified: false,
    createdAt: time,
  }

  test('shows an account', async ({ run }) => {
    expect(await run(['account', 'show', 'acme'])).toEqual(acme)
  })

  test('shows a new account with its key', async ({ run }) => {
    const args = [
      'account',
      'create',
      '--alias',
      'made',
      '--creates-on-push',
      'on',
      '--display-name',
      'Made',
      '--verified',
      'on',
    ]
    expect(await run(args)).toEqual({
      id: expect.stringMatching(/^\d{12}$/) as string,
      aliases: ['made'],
      createsOnPush: true,
      displayName: 'Made',
      isVerified: true,
      createdAt: time,
      rootKey: { accessKeyId: keyId, secretAccessKey: secret },
    })
  })

  test('lists users', async ({ run }) => {
    expect(await run<object[]>(['user', 'list', '--account', account])).toContainEqual(bob)
  })

  test('lists keys without their secrets', async ({ run, site }) => {
    const { accessKeyId } = site.key
    const listed = { accessKeyId, accountId: account, userName: 'bob', isEnabled: true, createdAt: time }
    expect(await run(['key', 'list', 'bob', '--account', 'acme'])).toEqual([listed])
  })

  test('lists policies with their texts', async ({ run }) => {
    const listed = [{ name: 'mine', kind: 'inline', text: push }]
    expect(await run(['policy', 'list', 'bob', '--account', 'acme'])).toEqual(listed)
  })

  test('explains', async ({ run }) => {
    const resource = `arn:aws:ecr-public::${account}:repository/app`
    expect(await run(['policy', 'explain', 'bob', 'PutImage', resource, '--account', 'acme'])).toEqual({
      principal: bob.arn,
      action: 'ecr-public:PutImage',
      resource,
      isAllowed: true,
      decidedBy: { kind: 'identity', policyName: 'mine', statement: 0, sid: 'Push' },
    })
  })
})

describe.concurrent('for people', { timeout: commandsMsMax }, () => {
  test('a list is a table', async ({ say }) => {
    const { stdout, exitCode } = await say(['account', 'list'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^ID +ALIASES +CREATED\n000000000000 {2}library +20\d\d-/)
    expect(stdout).toMatch(/^123456789012 {2}acme +20\d\d-\S+Z$/m)
  })

  test('a new key can be pasted into a shell', async ({ say }) => {
    const { stdout } = await say(['key', 'create', 'admin', '--account', 'library'])
    expect(stdout).toMatch(
      /^ {2}export AWS_ACCESS_KEY_ID=AKIA[A-Z2-7]{16}\n {2}export AWS_SECRET_ACCESS_KEY=\S{40}\nIt is shown this once: keep it\.$/m,
    )
  })

  test('an explanation is AWS’s sentence and what decided', async ({ say }) => {
    const resource = `arn:aws:ecr-public::${account}:repository/app`
    const deny = JSON.stringify({
      Statement: {
        Sid: 'No',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.1' } },
      },
    })
    await say(['policy', 'put', 'bob', 'no', '-', '--account', 'acme'], deny)
    const explain = ['policy', 'explain', 'bob', 'PutImage', resource, '--account', 'acme']
    const denied = await say([...explain, '--context', 'aws:SourceIp=192.0.2.1'])
    expect(denied).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: `Denied: User: arn:aws:iam::${account}:user/bob is not authorized to perform: ecr-public:PutImage on resource: ${resource} with an explicit deny in an identity-based policy
Decided by Statement[0] (Sid No) of the policy no of the user.
`,
    })
  })

  test('login-password prints a password that docker could use', async ({ site }) => {
    const { accessKeyId, secretAccessKey } = site.app.newAdminKey!
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const { stdout, exitCode } = await waybill(['login-password', '--url', site.url], { env })
    expect(exitCode).toBe(0)
    const basic = Buffer.from(`AWS:${stdout.trimEnd()}`).toString('base64')
    const answer = await fetch(`${site.url}/v2/`, { headers: { authorization: `Basic ${basic}` } })
    expect(answer.status).toBe(200)
  })

  test('config shows where each setting comes from, and no secret', async () => {
    const secretKey = Buffer.alloc(32, 1).toString('base64')
    const env = { WAYBILL_SECRET_KEY: secretKey, WAYBILL_LOG: 'warn' }
    const [shown, listed] = await Promise.all([
      waybill(['config', '--data', '/srv/x'], { env }),
      waybill(['config', '--json', '--data', '/srv/x'], { env }),
    ])
    expect(shown.stdout).toMatch(/^WAYBILL_DATA +\/srv\/x +flag$/m)
    expect(shown.stdout).toMatch(/^WAYBILL_LOG +warn +environment$/m)
    expect(shown.stdout).toMatch(/^WAYBILL_ALIAS +library +default$/m)
    expect(shown.stdout).toMatch(/^WAYBILL_SECRET_KEY +\(not shown\) +environment$/m)
    const secretSetting = {
      setting: 'secretKey',
      variable: 'WAYBILL_SECRET_KEY',
      value: null,
      source: 'environment',
      isSecret: true,
    }
    expect(JSON.parse(listed.stdout)).toContainEqual(secretSetting)
    expect(shown.stdout + listed.stdout).not.toContain(secretKey)
  })
})

describe.concurrent('what cannot be done', { timeout: commandsMsMax }, () => {
  test.for<[what: string, args: string[], message: string]>([
    [
      'an unknown account',
      ['account', 'show', 'nobody'],
      'there is no account "nobody": name one by its id or by one of its aliases\n`waybill account list` shows them.',
    ],
    [
      'an account that is not named',
      ['user', 'list'],
      'there is more than one account: say which is meant, by its id or by one of its aliases\nAdd --account.',
    ],
    ['a reserved alias', ['alias', 'add', 'v2', '--account', 'acme'], '"v2" is a path of Waybill\'s own'],
    [
      'a policy file that is not there',
      ['policy', 'put', 'bob', 'x', '/absent.json', '--account', 'acme'],
      'ENOENT: no such file or directory',
    ],
  ])('%s ends with 1 and a sentence', async ([, args, message], { say }) => {
    const { exitCode, stdout, stderr } = await say(args)
    expect(stderr).toContain(`waybill: ${message}`)
    expect(stderr).not.toContain('    at ')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  })

  test('a policy that is none ends with 1 and the path to what is wrong', async ({ say }) => {
    const { exitCode, stderr } = await say(
      ['policy', 'put', 'bob', 'x', '-', '--account', 'acme'],
      '{"Statement":[{"Effect":"Permit"}]}',
    )
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'waybill: the policy cannot be used: Statement[0].Effect: neither Allow nor Deny\n',
    })
  })

  test('a folder without data ends with 1, and stays as it is', async () => {
    await using empty = await temporaryDirectory('cli')
    const { exitCode, stderr } = await waybill(['account', 'list', '--data', empty.path])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `waybill: there is no Waybill data in ${empty.path}: start the registry there first, or name another folder\nThe folder is set by --data or WAYBILL_DATA.\n`,
    })
  })

  test('another secret key ends with 1', async ({ site }) => {
    const env = { WAYBILL_DATA: site.folder, WAYBILL_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') }
    const { exitCode, stderr } = await waybill(['user', 'list'], { env })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('it was sealed with another secret key')
  })

  test.for<[what: string, args: string[], env: NodeJS.ProcessEnv, message: string]>([
    ['an unknown command', ['frobnicate'], {}, "error: unknown command 'frobnicate'"],
    ['a command without its argument', ['user', 'create'], {}, "error: missing required argument 'name'"],
    [
      'a flag with a value that it cannot have',
      ['account', 'set', '--verified', 'yes'],
      {},
      'Allowed choices are on, off.',
    ],
    [
      'a setting that cannot be used',
      ['serve'],
      { WAYBILL_LISTEN: 'nowhere' },
      'waybill: WAYBILL_LISTEN (--listen): "nowhere"',
    ],
  ])('%s ends with 2', async ([, args, env, message]) => {
    const { exitCode, stderr } = await waybill(args, { env })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
  })
})
