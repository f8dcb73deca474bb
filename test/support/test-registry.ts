import { ECRPUBLICClient } from '@aws-sdk/client-ecr-public'

import { type App, createApp } from '../../src/assemble.ts'
import type { AccessKey } from '../../src/auth/access-keys.ts'
import type { Config } from '../../src/config/config.ts'
import { parseAlias } from '../../src/oci/repository-name.ts'
import { defaultLimits, type RegistryLimits } from '../../src/registry/limits.ts'
import { type Answer, jsonOf } from './answer.ts'
import { OciClient } from './oci-client.ts'
import { type ApiRequest, sendSigned } from './signed-request.ts'

export interface TestRegistryOptions {
  readonly limits?: Partial<RegistryLimits>
  /** Keeps everything in this folder instead of in memory. */
  readonly folder?: string
  readonly config?: Partial<Config>
  readonly clock?: () => number
}

export interface Login {
  /** Base64 of `AWS:<password>`. */
  readonly authorizationToken: string
  readonly password: string
}

/** A registry in this process, with clients that talk to it through its doors. */
export interface TestRegistry extends AsyncDisposable {
  readonly url: string
  /** `127.0.0.1:<port>` */
  readonly host: string
  readonly accountId: string
  readonly alias: string
  readonly adminKey: AccessKey
  /** The administrator's client: the real SDK, which here never tries twice. */
  readonly ecr: ECRPUBLICClient
  /** The administrator's, with the bearer token of a login. */
  readonly oci: OciClient
  /** Of somebody who shows no credential. */
  readonly anonymous: OciClient
  readonly app: App
  /** Where everything is kept; `undefined` for memory. */
  readonly folder: string | undefined

  login(key?: AccessKey): Promise<Login>
  /** The API as another user. */
  ecrAs(key: AccessKey): ECRPUBLICClient
  /** Sends an operation signed as asked, whatever its body, and gives the bare answer. */
  call(operation: string, input: object | string | Uint8Array, request?: Partial<ApiRequest>): Promise<Answer>
  /** Another account, which no door makes yet, with an alias and a root user. */
  addAccount(account: { readonly id: string; readonly alias: string }): Promise<AccessKey>
  /** A user of the registry's own account who may log in, and nothing else. */
  addUser(name: string): Promise<AccessKey>
}

/** Given rather than generated, so that it is the same when a registry starts again on its folder. */
const administrator: AccessKey = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

const accountId = '000000000000'
const alias = 'library'

const mayLogIn = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'], Resource: '*' },
  ],
})

/** Starts a registry: in memory, unless it is given a folder. Disposing of it closes its clients as well. */
export async function startTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  await using resources = new AsyncDisposableStack()
  const { clock } = options
  const app = resources.use(await createApp(configOf(options), clock ? { clock } : {}))
  const url = await app.listen()
  const { host } = new URL(url)

  const call: TestRegistry['call'] = (operation, input, request) =>
    sendSigned(url, { key: administrator, operation, body: bodyOf(input), ...request })
  const login = async (key = administrator): Promise<Login> => {
    const answer = await call('GetAuthorizationToken', {}, { key, ...(clock && { at: clock() }) })
    const { authorizationData } = jsonOf(answer) as { authorizationData: { authorizationToken: string } }
    const { authorizationToken } = authorizationData
    return { authorizationToken, password: Buffer.from(authorizationToken, 'base64').toString().slice('AWS:'.length) }
  }
  const clients = resources.use(new DisposableStack())
  const ecrAs = (credentials: AccessKey) => {
    const client = new ECRPUBLICClient({ region: 'us-east-1', endpoint: url, credentials, maxAttempts: 1 })
    clients.defer(() => client.destroy())
    return client
  }

  const anonymous = new OciClient(url)
  const oci = anonymous.as(`Bearer ${(await login()).password}`)
  const ecr = ecrAs(administrator)
  const held = resources.move()
  return {
    ...{ url, host, accountId, alias, adminKey: administrator, ecr, oci, anonymous, app, login, call },
    folder: options.folder,
    ecrAs,
    addAccount: async (account) => (await app.identities.accounts.create(account)).rootKey,
    addUser: async (name) => {
      await app.identities.users.create(accountId, name)
      await app.identities.policies.put(accountId, name, 'login', mayLogIn)
      return app.identities.keys.create(accountId, name)
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

function configOf({ limits, folder, config }: TestRegistryOptions): Partial<Config> {
  return {
    account: { id: accountId, alias: parseAlias(alias), adminKey: administrator },
    limits: { ...defaultLimits, ...limits },
    ...(folder !== undefined && { storage: { kind: 'filesystem', folder } }),
    ...config,
  }
}

function bodyOf(input: object | string | Uint8Array): string | Uint8Array {
  return typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input)
}
