/**
 * The pages under docs/ that are made from the code: `npm run docs` writes them, test/architecture/docs.test.ts compares.
 *
 * A new refusal needs a sentence in `meanings` here, and a fact of a new name a sample in `sampleFacts`; the compiler
 * asks for both.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type SettingName, settingNames, settings } from '../src/config/settings.ts'
import { type RefusalCode, type Refusals, RegistryError, refuse } from '../src/errors.ts'
import { describeEcrPublicError } from '../src/http/ecr-public/errors.ts'
import { describeOciError } from '../src/http/oci/errors.ts'
import { burstSeconds, ecrRates } from '../src/http/rates.ts'
import { describeStsError } from '../src/http/sts/errors.ts'
import { MetadataStoreUnavailable } from '../src/metadata/metadata-store.ts'
import { manifestBytesMax } from '../src/oci/manifest.ts'
import { defaultLimits, partBytesMax, partBytesSuggested } from '../src/registry/limits.ts'

/** When each refusal is given. */
export const meanings: { readonly [Code in RefusalCode]: string } = {
  AccessDenied: 'The caller is known, and nothing allows what it asked for.',
  AccessKeyUnknown:
    'The request is signed with an access key that does not exist or is disabled, or with temporary credentials.',
  BlobExists:
    'The API was asked to complete an upload of a layer that the repository has. Clients take it for success.',
  BlobReferenced: 'The blob is part of an image of the repository, and stays as long as the image does.',
  BlobUnknown: 'The repository does not have this blob, be it stored for another one or not.',
  BodyTooLarge: 'The body is longer than the request may carry.',
  ClientGone: 'The connection ended, or fell silent, before the whole request had come.',
  DigestInvalid: 'What should be a digest is none.',
  DigestMismatch: 'The upload is complete, and its content has none of the digests that the client named.',
  ImageDigestMismatch: 'The manifest has another digest than the one it was sent under.',
  ImageExists: 'PutImage was given an image that the repository has, under a tag that the image has, or under none.',
  ImageReferenced: 'The image is a child of an index, and stays as long as the index does.',
  ImageTagMismatch: 'The tag is not on the digest that it was given with.',
  ImageUnknown: 'The repository has no image of this digest or tag, or the tag is on an image of another digest.',
  ImagesPerRepositoryExceeded: 'The repository is full.',
  LogoInvalid: 'The logo is no picture that can be shown.',
  ManifestInvalid: 'The manifest is not JSON, or lacks what its media type requires.',
  ManifestTooLarge: 'The manifest is too long.',
  MediaTypeInvalid: 'The media type is malformed, or is not the one that the manifest states.',
  MethodUnsupported: 'The endpoint exists, and does not answer this method.',
  NameInvalid: 'What should be an image name is none, or its registry alias or repository name is not allowed.',
  OperationUnknown: '`X-Amz-Target` names no operation of the API, or one that is not there yet.',
  PageTokenInvalid: 'The `nextToken` was not made by this list.',
  ParameterInvalid: 'A member of the request is missing, or breaks its constraint.',
  PolicyInvalid: 'The repository policy cannot be read.',
  PolicyLocksOut: 'The repository policy would keep its author from setting another one.',
  PolicyPrincipalUnknown: 'The repository policy names somebody who is not known here.',
  PolicyUnknown: 'The repository has no policy.',
  RangeUnsatisfiable: 'The range begins behind the end of the blob.',
  RateExceeded: 'The caller does this more often than `WAYBILL_RATE_LIMITS` allows.',
  ReadOnly: 'The registry takes no changes for now: `WAYBILL_READ_ONLY`, or a SIGUSR2 to its process.',
  ReferencedBlobsUnknown: 'The manifest names blobs that the repository does not have.',
  ReferencedImagesUnknown: 'The index names manifests that the repository does not have.',
  RegistryUnknown: 'There is no registry of this account id or alias.',
  RepositoriesExceeded: 'The registry is full.',
  RepositoryExists: 'The registry has a repository of this name.',
  RepositoryNotEmpty: 'The repository has images, and its deletion was not forced.',
  RepositoryUnknown: 'The registry has no repository of this name, or none that the caller may know of.',
  RequestMalformed: 'A header, a query parameter or a form field has a value that it cannot have.',
  ResourceArnInvalid: 'What should be the ARN of a repository is none.',
  ResourceTagInvalid: 'A resource tag has a key or a value that it cannot have.',
  ResourceTagsExceeded: 'The repository would have more resource tags than it may have.',
  RouteUnknown: 'There is nothing at this path.',
  SerializationFailed: 'The body is not a JSON object, or one of its members is of another type.',
  SignatureIncomplete: 'The signature lacks a part, or a part of it is malformed.',
  SignatureInvalid: 'The signature is of another request, another secret or another time.',
  SignatureMissing: 'The request to the API is not signed.',
  TagImmutable: 'The tag is on another image, and the repository does not let tags move.',
  TagInvalid: 'What should be a tag is none.',
  TagsPerImageExceeded: 'The image has as many tags as it may have.',
  TokenInvalid: 'The bearer token or password is malformed, expired, not made here, or its access key is gone.',
  Unauthenticated:
    'No credential was given, or a token that does not cover the request. A challenge says where to get one.',
  UploadEmpty: 'The API was asked to complete an upload that has no parts.',
  UploadOutOfOrder: 'The bytes do not begin where those received so far end.',
  UploadPartSizeInvalid: 'More or fewer bytes came than were announced.',
  UploadPartTooSmall: 'A part that is not the last is too small. The API only.',
  UploadPartsExceeded: 'The upload has as many parts as it may have. The API only.',
  UploadTooLarge: 'The layer is longer than a layer may be.',
  UploadUnknown: 'The repository has no upload of this id: it never had, or it is completed, given up or abandoned.',
}

type FactName = { [Code in RefusalCode]: keyof Refusals[Code] }[RefusalCode]
type FactOf<Name> = {
  [Code in RefusalCode]: Name extends keyof Refusals[Code] ? Refusals[Code][Name] : never
}[RefusalCode]

/** One of each fact, whatever refusal it belongs to. */
const sampleFacts: { readonly [Name in FactName]: FactOf<Name> } = {
  accessKeyId: '<access key id>',
  action: '<action>',
  arn: '<arn>',
  bytes: 1000,
  bytesMax: 1000,
  computed: '<computed digest>',
  constraint: '<constraint>',
  // A list where it may be several, text where it is one; the only member of a list spells as the text would.
  declared: ['<declared digest>'],
  digest: '<digest>',
  digests: ['<digest>', '<digest>'],
  expectedOffset: 600,
  imagesMax: defaultLimits.imagesPerRepositoryMax,
  isSyntax: false,
  key: '<key>',
  mediaType: '<media type>',
  method: '<method>',
  name: '<name>',
  operation: '<operation>',
  parents: ['<digest>', '<digest>'],
  partBytesMin: defaultLimits.partBytesMin,
  partsMax: defaultLimits.partsMax,
  path: '<path>',
  principal: '<principal>',
  reason: '<reason>',
  receivedOffset: 500,
  registry: '<registry>',
  repositoriesMax: defaultLimits.repositoriesMax,
  repository: '<repository>',
  resource: '<resource>',
  retryAfterMs: 1500,
  tag: '<tag>',
  tagsMax: defaultLimits.tagsPerImageMax,
  token: '<token>',
  upload: '<upload id>',
}

/** Every generated page, by its path from the root of the repository. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
}

function configurationPage(): string {
  return `# Configuration

<!-- Written by \`npm run docs\` from src/config/settings.ts. Change it there. -->

Every setting has an environment variable and a flag of \`waybill serve\`. A flag wins over a variable; a variable that is
empty counts as not set. A value that cannot be used stops the start, with a message that names the setting.

Secrets are better given as variables: the flags of a running process can be read by every user of the machine.

| variable | flag | value | default | |
|---|---|---|---|---|
${settingNames.map(settingRow).join('\n')}

The account, its alias and the administrator's key are used when the data folder is empty, and ignored afterwards.

## Rate limits

\`WAYBILL_RATE_LIMITS\` says how many requests a second each caller may make of a kind, on average; after a rest, what ${burstSeconds}
seconds allow may come at once, and always one. A user is counted with all others of the account; who is nobody in particular,
by the address (that of the client, where \`WAYBILL_TRUSTED_PROXIES\` names the proxy), of which an IPv6 network of 64 bits is
one. Too many are answered with \`ThrottlingException\` by the API, which SDKs take for a reason to wait and try again, and
with 429 and \`Retry-After\` by the registry endpoint. Each process counts for itself, and starts anew.

It is a list, in which what comes later counts: \`ecr,PutImage=50,anonymous-pull=0.5\`. What it does not name is not limited. It can
name each operation of the API, which counts by whichever door it comes (\`HEAD\` of a blob is \`BatchCheckLayerAvailability\`,
\`PUT\` of a manifest \`PutImage\`), and \`anonymous-pull\` and \`authenticated-pull\`: a pull is a \`GET\` of a manifest, and the
blobs that it names come with it. An image that is for several platforms takes two.

\`ecr\` stands for the quotas of ECR Public:

| | a second |
|---|---|
${[...ecrRates].map(([action, perSecond]) => `| \`${action}\` | ${perSecond} |`).join('\n')}

## Limits that are not settings

| limit | value | from |
|---|---|---|
| manifest | ${mebibytes(manifestBytesMax)} | the service model of ECR Public |
| one part of \`UploadLayerPart\` | ${mebibytes(partBytesMax)} | the service model |
| part size that \`InitiateLayerUpload\` suggests | ${mebibytes(partBytesSuggested)} | what ECR suggests |
| every part but the last, through the API | at least ${mebibytes(defaultLimits.partBytesMin)} | ECR Public's quotas |
| parts of one upload, through the API | ${defaultLimits.partsMax} | ECR Public's quotas |
`
}

function settingRow(name: SettingName): string {
  const { variable, flag, value, byDefault, sentence } = settings[name]
  const columns = [`\`${variable}\``, `\`--${flag}\``, value, showDefault(value, byDefault), sentence]
  return `| ${columns.join(' | ')} |`
}

function showDefault(value: string, byDefault: string): string {
  if (byDefault === '') return ''
  if (value === 'bytes') return `\`${byDefault}\` (${mebibytes(Number(byDefault))})`
  if (value === 'milliseconds' && Number(byDefault) > 0)
    return `\`${byDefault}\` (${Number(byDefault) / 3_600_000} hours)`
  return `\`${byDefault}\``
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toLocaleString('en')} MiB`
}

function errorsPage(): string {
  const codes = Object.keys(meanings) as RefusalCode[]
  return `# Errors

<!-- Written by \`npm run docs\` from src/errors.ts and the tables in src/http. Change them there. -->

Everything that Waybill refuses, under the name that the code and the log have for it (\`failure\` in a line of the log), and
how each protocol words it. What stands in angle brackets is filled in; numbers are examples or defaults.

The registry endpoint (\`/v2/\` and \`/token/\`) answers \`{"errors":[{"code":"…","message":"…"}]}\`, and nothing to a HEAD. A
401 comes with a \`WWW-Authenticate\` challenge on \`/v2/\`. The API (\`POST /\`) answers \`{"__type":"…","message":"…"}\`, with
the type in \`X-Amzn-ErrorType\`, too, and the request's id in \`X-Amzn-RequestId\`.

STS, of which \`GetCallerIdentity\` is served, has words of its own for the little that it can refuse, and answers in XML.

Some refusals belong to one protocol only; the other's words for them are never sent.

${codes.map((code) => section(code, meanings[code], refuse(code, sampleFacts as never))).join('\n')}
## What is no refusal

${section('unavailable', 'A store cannot serve now: its disk is full or failing, say. Try again later.', new MetadataStoreUnavailable(), 3)}
${section('internal', 'A mistake of ours. The log has it whole, once, under the id of the request.', new Error(), 3)}`
}

/** A name, what it means, and what each protocol makes of it. */
function section(name: string, meaning: string, thrown: Error, level = 2): string {
  const oci = describeOciError(thrown)
  const api = describeEcrPublicError(thrown)
  const headers = Object.entries(oci.headers ?? {}).map(([header, value]) => `\`${header}: ${value}\``)
  const members = Object.keys(api.members ?? {}).map((member) => `\`${member}\``)
  return `${'#'.repeat(level)} ${name}

${meaning}

- Registry endpoint: **${oci.status} \`${oci.code}\`** ${message(oci.message)}${beside(headers)}
- API: **${api.status} \`${api.type}\`** ${message(api.message)}${beside(members)}
${stsLine(thrown)}`
}

/** Nothing for a refusal that STS does not know, which it takes for a mistake of ours. */
function stsLine(thrown: Error): string {
  const sts = describeStsError(thrown)
  if (thrown instanceof RegistryError && sts.status === 500) return ''
  return `- STS: **${sts.status} \`${sts.code}\`** ${message(sts.message)}\n`
}

function message(text: string): string {
  return text === '' ? '(no message)' : `\`${text}\``
}

function beside(names: readonly string[]): string {
  return names.length === 0 ? '' : `, with ${names.join(', ')}`
}

if (import.meta.main) {
  for (const [path, page] of Object.entries(generatedPages)) {
    writeFileSync(join(import.meta.dirname, '..', path), page())
  }
}
