import type { AccessKey } from '../auth/access-keys.ts'
import type { CertificateFiles } from '../http/certificate.ts'
import type { HttpLimits } from '../http/limits.ts'
import type { Rates } from '../http/rates.ts'
import type { AddressRange } from '../http/trusted-proxies.ts'
import type { Alias } from '../oci/repository-name.ts'
import type { RegistryLimits } from '../registry/limits.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Where a registry keeps what it is told. */
export type Storage =
  /** A folder: one SQLite file and the blobs beside it. */
  | { readonly kind: 'filesystem'; readonly folder: string }
  /** Memory: gone when the registry is closed. */
  | { readonly kind: 'memory' }

/** Everything a registry needs to know, complete: no optional left to guess, no string left to parse. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number }
  readonly storage: Storage
  /** The URL clients are told to use, without a slash at the end; `undefined`: the one by which each client came. */
  readonly publicUrl: string | undefined
  /** What to serve HTTPS with, read again when it changes; `undefined`: HTTP. */
  readonly tls: CertificateFiles | undefined
  /** Whose X-Forwarded-For, -Proto and -Host are believed. */
  readonly trustedProxies: readonly AddressRange[]
  readonly account: {
    readonly id: string
    readonly alias: Alias
    readonly adminKey: AccessKey | undefined
  }
  /** 32 bytes that seal the secrets in the database; `undefined`: kept in a file of the data folder. */
  readonly secretKey: Uint8Array | undefined
  readonly log: LogLevel
  readonly limits: RegistryLimits
  readonly http: HttpLimits
  /** Whether changes are refused from the start. */
  readonly isReadOnly: boolean
  /** Who may read the metrics. */
  readonly metrics: 'off' | 'loopback' | 'all'
  /** How long a server that is told to stop says that it is not ready, and goes on all the same. */
  readonly drainMs: number
  /** How often each caller may do what. */
  readonly rates: Rates
  /** Whether `/v2/` has the oddities of ECR Public, for those who develop clients. */
  readonly quirks: 'none' | 'aws'
}
