import { AccessKeys } from '../../src/auth/access-keys.ts'
import { Authenticator } from '../../src/auth/authenticator.ts'
import { Identities } from '../../src/auth/identities.ts'
import { SecretBox } from '../../src/auth/secret-box.ts'
import { SigningKeys } from '../../src/auth/signing-keys.ts'
import { Tokens } from '../../src/auth/tokens.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'

/** Everything that knows who somebody is, over an empty store, at a time that stands still unless it is moved. */
export interface AuthParts extends AsyncDisposable {
  readonly metadata: MetadataStore
  readonly box: SecretBox
  readonly time: { now: number }
  readonly accessKeys: AccessKeys
  readonly signingKeys: SigningKeys
  readonly tokens: Tokens
  readonly authenticator: Authenticator
  readonly identities: Identities
}

/** With `metadata`, as another process beside the one that it is of. */
export async function startAuth(beside?: Pick<AuthParts, 'metadata' | 'box' | 'time'>): Promise<AuthParts> {
  const own = beside ? undefined : SqliteMetadataStore.ephemeral()
  const metadata = beside?.metadata ?? own!
  const box = beside?.box ?? new SecretBox(Buffer.alloc(32, 7))
  const time = beside?.time ?? { now: Date.UTC(2026, 0, 1) }
  const clock = () => time.now

  const accessKeys = new AccessKeys({ metadata, box })
  const signingKeys = new SigningKeys({ metadata, box, clock })
  await signingKeys.ensure()
  const tokens = new Tokens({ signingKeys, clock })
  return {
    ...{ metadata, box, time, accessKeys, signingKeys, tokens },
    authenticator: new Authenticator({ accessKeys, tokens }),
    identities: new Identities({ metadata, accessKeys, signingKeys, clock }),
    [Symbol.asyncDispose]: async () => own?.[Symbol.asyncDispose](),
  }
}
