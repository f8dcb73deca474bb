import type { AccessKey } from '../../src/auth/access-keys.ts'
import { type Answer, jsonOf } from './answer.ts'
import { artifact, image, type Manifest } from './images.ts'
import type { OciClient } from './oci-client.ts'
import { pushImage } from './push.ts'
import { startTestRegistry, type TestRegistry } from './test-registry.ts'

/** Everybody who may come to a door, as far as it makes a difference. */
export const callers = [
  'nobody', // shows no credential
  'anyone', // an anonymous token
  'foreign', // the root user of another account
  'plain', // a user of the account whom no policy allows anything
  'reader', // one with AWS's managed policy ReadOnly
  'pusher', // one with PowerUser
  'owner', // the account's root user
  'disabled', // one whose key was disabled after the login
  'expired', // the root user, too late
  'deleted', // one who was deleted after the login
] as const

export type Caller = (typeof callers)[number]

export type Visibility = 'public' | 'private'

/** A registry with a public and a private repository, which hold the same, and somebody of every kind. */
export interface Scene extends AsyncDisposable {
  readonly accountId: string
  /** In both repositories, tagged `latest`. */
  readonly image: Manifest
  /** About the image. */
  readonly artifact: Manifest
  /** As the API names it; the foreign account has repositories of the same names. */
  repositoryName(visibility: Visibility): string
  call(caller: Caller, operation: string, input: object): Promise<Answer>
  oci(caller: Caller): OciClient
}

interface Credential {
  readonly call: (operation: string, input: object) => Promise<Answer>
  readonly oci: OciClient
}

const hourMs = 60 * 60 * 1000

const repositoryName = (visibility: Visibility) => `matrix/${visibility}`

export async function startScene(): Promise<Scene> {
  let now = Date.now() - 13 * hourMs
  // What it logs in with at its start has expired when the scene begins.
  const registry = await startTestRegistry({ clock: () => now })
  const expired = registry.oci
  now = Date.now()
  const owner = await holderOf(registry, registry.adminKey)
  const pushed = image()
  const about = artifact({ subject: pushed })
  for (const visibility of ['public', 'private'] as const) {
    const name = repositoryName(visibility)
    await pushImage(owner.oci, `${registry.alias}/${name}`, pushed, 'latest')
    await pushImage(owner.oci, `${registry.alias}/${name}`, about)
    await registry.app.identities.repositories.change(`${registry.alias}/${name}`, {
      isPrivate: visibility === 'private',
    })
  }
  const credentials: Readonly<Record<Caller, Credential>> = {
    nobody: { call: unsigned(registry), oci: registry.anonymous },
    anyone: await anyone(registry),
    foreign: await foreign(registry),
    plain: await user(registry, 'plain', 'ReadOnly'),
    reader: await user(registry, 'reader', 'ReadOnly'),
    pusher: await user(registry, 'pusher', 'PowerUser'),
    owner,
    disabled: await user(registry, 'disabled', 'PowerUser'),
    expired: {
      oci: expired,
      call: (operation, input) => registry.call(operation, input, { at: now - hourMs }),
    },
    deleted: await user(registry, 'deleted', 'PowerUser'),
  }
  const { policies, keys, users } = registry.app.identities
  await policies.remove(registry.accountId, 'plain', managedPolicy('ReadOnly'))
  const [key] = await keys.list(registry.accountId, 'disabled')
  await keys.setEnabled(key!.accessKeyId, false)
  await users.delete(registry.accountId, 'deleted')
  return {
    ...{ accountId: registry.accountId, image: pushed, artifact: about, repositoryName },
    call: (caller, operation, input) => credentials[caller].call(operation, input),
    oci: (caller) => credentials[caller].oci,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
}

function managedPolicy(kind: 'ReadOnly' | 'PowerUser'): string {
  return `AmazonElasticContainerRegistryPublic${kind}`
}

/** A new user of the registry's own account, logged in. */
async function user(registry: TestRegistry, name: string, policy: 'ReadOnly' | 'PowerUser'): Promise<Credential> {
  const { users, keys, policies } = registry.app.identities
  await users.create(registry.accountId, name)
  await policies.attach(registry.accountId, name, managedPolicy(policy))
  return holderOf(registry, await keys.create(registry.accountId, name))
}

async function foreign(registry: TestRegistry): Promise<Credential> {
  const holder = await holderOf(registry, await registry.addAccount({ id: '999999999999', alias: 'foreign' }))
  for (const visibility of ['public', 'private'] as const) {
    await holder.call('CreateRepository', { repositoryName: repositoryName(visibility) })
  }
  return holder
}

async function holderOf(registry: TestRegistry, key: AccessKey): Promise<Credential> {
  const { password } = await registry.login(key)
  return {
    call: (operation, input) => registry.call(operation, input, { key }),
    oci: registry.anonymous.as(`Bearer ${password}`),
  }
}

async function anyone(registry: TestRegistry): Promise<Credential> {
  const { token } = jsonOf(await registry.anonymous.get('/token/')) as { token: string }
  return { call: unsigned(registry, `Bearer ${token}`), oci: registry.anonymous.as(`Bearer ${token}`) }
}

function unsigned(registry: TestRegistry, authorization?: string): Credential['call'] {
  return (operation, input) =>
    registry.call(operation, input, {
      tamper: ({ headers: { authorization: _, ...headers }, ...request }) => ({
        ...request,
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      }),
    })
}
