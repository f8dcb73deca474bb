import { defaultLimits } from '../registry/limits.ts'

/** One thing an operator can set. From this table come the parser, `waybill serve --help` and docs/configuration.md. */
export interface Setting {
  /** As the flag spells it, without its dashes. */
  readonly flag: string
  readonly variable: string
  /** What the value is: shown as the flag's argument. */
  readonly value: string
  /** As an operator would write it; empty for a setting that may be left out. */
  readonly byDefault: string
  readonly sentence: string
  /** Not to be given as a flag, where every user of the machine could read it. */
  readonly isSecret?: true
}

export const settings = {
  listen: {
    flag: 'listen',
    variable: 'WAYBILL_LISTEN',
    value: 'host:port',
    byDefault: '127.0.0.1:8080',
    sentence: 'Address to listen on; port 0 takes a free one.',
  },
  data: {
    flag: 'data',
    variable: 'WAYBILL_DATA',
    value: 'folder',
    byDefault: './data',
    sentence: 'Folder that holds everything; made when it is not there. `:memory:` keeps nothing.',
  },
  publicUrl: {
    flag: 'public-url',
    variable: 'WAYBILL_PUBLIC_URL',
    value: 'url',
    byDefault: '',
    sentence: 'URL that clients are told to use. Without it, each is told the one it came by.',
  },
  tlsCertificate: {
    flag: 'tls-certificate',
    variable: 'WAYBILL_TLS_CERTIFICATE',
    value: 'file',
    byDefault: '',
    sentence: 'Certificate to serve HTTPS with, and the chain that leads up from it (PEM).',
  },
  tlsKey: {
    flag: 'tls-key',
    variable: 'WAYBILL_TLS_KEY',
    value: 'file',
    byDefault: '',
    sentence: 'Its private key (PEM). Both files are read again when they change.',
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    variable: 'WAYBILL_TRUSTED_PROXIES',
    value: 'addresses',
    byDefault: '',
    sentence: 'Reverse proxies whose `X-Forwarded-*` headers are believed: addresses or CIDRs, with commas between.',
  },
  accountId: {
    flag: 'account-id',
    variable: 'WAYBILL_ACCOUNT_ID',
    value: '12 digits',
    byDefault: '000000000000',
    sentence: 'Id of the account made at first start.',
  },
  alias: {
    flag: 'alias',
    variable: 'WAYBILL_ALIAS',
    value: 'name',
    byDefault: 'library',
    sentence: "That account's alias: the first segment of its images' names. Used at first start.",
  },
  adminAccessKeyId: {
    flag: 'admin-access-key-id',
    variable: 'WAYBILL_ADMIN_ACCESS_KEY_ID',
    value: 'id',
    byDefault: '',
    sentence: "The administrator's access key at first start. Without it, one is made and shown once.",
  },
  adminSecretAccessKey: {
    flag: 'admin-secret-access-key',
    variable: 'WAYBILL_ADMIN_SECRET_ACCESS_KEY',
    value: 'secret',
    byDefault: '',
    sentence: 'The secret that goes with it.',
    isSecret: true,
  },
  secretKey: {
    flag: 'secret-key',
    variable: 'WAYBILL_SECRET_KEY',
    value: 'base64',
    byDefault: '',
    sentence: '32 bytes that seal the secrets in the database. Without it, they are made and kept in `secret.key`.',
    isSecret: true,
  },
  log: {
    flag: 'log',
    variable: 'WAYBILL_LOG',
    value: 'level',
    byDefault: 'info',
    sentence: 'What is written to standard output: `debug`, `info`, `warn`, `error` or `silent`.',
  },
  repositoriesMax: {
    flag: 'repositories-max',
    variable: 'WAYBILL_REPOSITORIES_MAX',
    value: 'count',
    byDefault: String(defaultLimits.repositoriesMax),
    sentence: 'Most repositories in one registry.',
  },
  imagesPerRepositoryMax: {
    flag: 'images-per-repository-max',
    variable: 'WAYBILL_IMAGES_PER_REPOSITORY_MAX',
    value: 'count',
    byDefault: String(defaultLimits.imagesPerRepositoryMax),
    sentence: 'Most images in one repository.',
  },
  tagsPerImageMax: {
    flag: 'tags-per-image-max',
    variable: 'WAYBILL_TAGS_PER_IMAGE_MAX',
    value: 'count',
    byDefault: String(defaultLimits.tagsPerImageMax),
    sentence: 'Most tags on one image.',
  },
  layerBytesMax: {
    flag: 'layer-bytes-max',
    variable: 'WAYBILL_LAYER_BYTES_MAX',
    value: 'bytes',
    byDefault: String(defaultLimits.layerBytesMax),
    sentence: 'Largest layer.',
  },
  uploadIdleMsMax: {
    flag: 'upload-idle-ms-max',
    variable: 'WAYBILL_UPLOAD_IDLE_MS_MAX',
    value: 'milliseconds',
    byDefault: String(defaultLimits.uploadIdleMsMax),
    sentence: 'An upload left alone for this long is given up and its bytes are removed.',
  },
  collectGraceMs: {
    flag: 'collect-grace-ms',
    variable: 'WAYBILL_COLLECT_GRACE_MS',
    value: 'milliseconds',
    byDefault: String(defaultLimits.collectGraceMs),
    sentence:
      'Garbage is collected no sooner than this: longer than any push takes from its first layer to its manifest.',
  },
  deletedKeepMs: {
    flag: 'deleted-keep-ms',
    variable: 'WAYBILL_DELETED_KEEP_MS',
    value: 'milliseconds',
    byDefault: String(defaultLimits.deletedKeepMs),
    sentence: 'A deleted image can be brought back for this long, and takes room until then.',
  },
  readOnly: {
    flag: 'read-only',
    variable: 'WAYBILL_READ_ONLY',
    value: 'on or off',
    byDefault: 'off',
    sentence: 'Whether pushes, and all other changes, are refused from the start. SIGUSR2 turns it on and off.',
  },
  metrics: {
    flag: 'metrics',
    variable: 'WAYBILL_METRICS',
    value: 'who',
    byDefault: 'loopback',
    sentence:
      'Who may read `/metrics`: `loopback` for this machine, by no proxy; `all` for whoever reaches the port; `off`.',
  },
  drainMs: {
    flag: 'drain-ms',
    variable: 'WAYBILL_DRAIN_MS',
    value: 'milliseconds',
    byDefault: '0',
    sentence: 'After SIGTERM, `/health/ready` says no for this long before the server stops taking requests.',
  },
  rateLimits: {
    flag: 'rate-limits',
    variable: 'WAYBILL_RATE_LIMITS',
    value: 'list',
    byDefault: 'off',
    sentence:
      'Requests a second: `off`, `ecr` for the quotas of ECR Public, or a list like `PutImage=10,anonymous-pull=5`.',
  },
  quirks: {
    flag: 'quirks',
    variable: 'WAYBILL_QUIRKS',
    value: 'name',
    byDefault: 'none',
    sentence: '`aws` makes `/v2/` as odd as ECR Public, to develop clients against; otherwise `none`.',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings

export const settingNames = Object.keys(settings) as SettingName[]
