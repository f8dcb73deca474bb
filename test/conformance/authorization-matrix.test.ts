import { test as base, describe, expect } from 'vitest'

import { operationNames } from '../../src/http/ecr-public/operations.ts'
import { endpointNames } from '../../src/http/oci/routes.ts'
import type { OperationName } from '../../src/http/rates.ts'
import { type Answer, jsonOf } from '../support/answer.ts'
import { type Caller, callers, type Scene, startScene, type Visibility } from '../support/authorization-scene.ts'
import { sha256 } from '../support/images.ts'

/**
 * Who may do what, by either door. `ok` is the answer in the last column, chosen so that asking changes nothing that
 * another row depends on.
 *
 * nobody: no credential. anyone: an anonymous token. foreign: the root user of another account. plain: a user whom
 * nothing allows anything. reader, pusher: users with AWS's managed policies. owner: the root user of the account.
 * disabled, deleted: users whose key, or who themselves, are gone since they logged in. expired: the owner, too late.
 */
const api = `
  operation                    | repository | nobody  anyone  foreign plain   reader  pusher  owner   disabled expired deleted | ok
  BatchCheckLayerAvailability  | both       | missing partial denied  denied  ok      ok      ok      unknown  stale   unknown | 200
  BatchDeleteImage             | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | 200
  CompleteLayerUpload          | both       | missing partial denied  denied  denied  ok      ok      unknown  stale   unknown | UploadNotFoundException
  CreateRepository             | both       | missing partial ok      denied  denied  denied  ok      unknown  stale   unknown | RepositoryAlreadyExistsException
  DeleteRepository             | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | RepositoryNotEmptyException
  DeleteRepositoryPolicy       | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | RepositoryPolicyNotFoundException
  DescribeImageTags            | both       | missing partial denied  denied  ok      ok      ok      unknown  stale   unknown | 200
  DescribeImages               | both       | missing partial denied  denied  ok      ok      ok      unknown  stale   unknown | 200
  DescribeRegistries           | both       | missing partial ok      denied  ok      ok      ok      unknown  stale   unknown | 200
  DescribeRepositories         | both       | missing partial denied  denied  ok      ok      ok      unknown  stale   unknown | 200
  GetAuthorizationToken        | both       | missing partial ok      denied  ok      ok      ok      unknown  stale   unknown | 200
  GetRegistryCatalogData       | both       | missing partial ok      denied  ok      ok      ok      unknown  stale   unknown | 200
  GetRepositoryCatalogData     | both       | missing partial denied  denied  ok      ok      ok      unknown  stale   unknown | 200
  GetRepositoryPolicy          | both       | missing partial denied  denied  ok      ok      ok      unknown  stale   unknown | RepositoryPolicyNotFoundException
  InitiateLayerUpload          | both       | missing partial denied  denied  denied  ok      ok      unknown  stale   unknown | 200
  ListTagsForResource          | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | 200
  PutImage                     | both       | missing partial denied  denied  denied  ok      ok      unknown  stale   unknown | ImageAlreadyExistsException
  PutRegistryCatalogData       | both       | missing partial ok      denied  denied  denied  ok      unknown  stale   unknown | 200
  PutRepositoryCatalogData     | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | 200
  SetRepositoryPolicy          | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | InvalidParameterException
  TagResource                  | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | 200
  UntagResource                | both       | missing partial denied  denied  denied  denied  ok      unknown  stale   unknown | 200
  UploadLayerPart              | both       | missing partial denied  denied  denied  ok      ok      unknown  stale   unknown | UploadNotFoundException
`

/** A body that does not show what was asked about: `without`. */
const registryEndpoint = `
  endpoint                           | repository | nobody  anyone  foreign plain   reader  pusher  owner   disabled expired deleted | ok
  GET /v2/                           | both       | 401     ok      ok      ok      ok      ok      ok      401      401     401     | 200
  HEAD /v2/                          | both       | 401     ok      ok      ok      ok      ok      ok      401      401     401     | 200
  GET /v2/_catalog                   | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  GET /v2/_catalog                   | private    | without without without without ok      ok      ok      401      401     401     | 200
  GET /v2/<name>/blobs/*             | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  GET /v2/<name>/blobs/*             | private    | 401     hidden  hidden  hidden  ok      ok      ok      401      401     401     | 200
  HEAD /v2/<name>/blobs/*            | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  HEAD /v2/<name>/blobs/*            | private    | 401     hidden  hidden  hidden  ok      ok      ok      401      401     401     | 200
  DELETE /v2/<name>/blobs/*          | both       | 401     401     denied  denied  denied  denied  ok      401      401     401     | 405 UNSUPPORTED
  POST /v2/<name>/blobs/uploads/     | both       | 401     401     denied  denied  denied  ok      ok      401      401     401     | 202
  GET /v2/<name>/blobs/uploads/*     | both       | 401     401     denied  denied  denied  ok      ok      401      401     401     | 404 BLOB_UPLOAD_UNKNOWN
  PATCH /v2/<name>/blobs/uploads/*   | both       | 401     401     denied  denied  denied  ok      ok      401      401     401     | 404 BLOB_UPLOAD_UNKNOWN
  PUT /v2/<name>/blobs/uploads/*     | both       | 401     401     denied  denied  denied  ok      ok      401      401     401     | 404 BLOB_UPLOAD_UNKNOWN
  DELETE /v2/<name>/blobs/uploads/*  | both       | 401     401     denied  denied  denied  ok      ok      401      401     401     | 404 BLOB_UPLOAD_UNKNOWN
  GET /v2/<name>/manifests/*         | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  GET /v2/<name>/manifests/*         | private    | 401     hidden  hidden  hidden  ok      ok      ok      401      401     401     | 200
  HEAD /v2/<name>/manifests/*        | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  HEAD /v2/<name>/manifests/*        | private    | 401     hidden  hidden  hidden  ok      ok      ok      401      401     401     | 200
  PUT /v2/<name>/manifests/*         | both       | 401     401     denied  denied  denied  ok      ok      401      401     401     | 201
  DELETE /v2/<name>/manifests/*      | both       | 401     401     denied  denied  denied  denied  ok      401      401     401     | 404 MANIFEST_UNKNOWN
  GET /v2/<name>/referrers/*         | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  GET /v2/<name>/referrers/*         | private    | 401     without without without ok      ok      ok      401      401     401     | 200
  GET /v2/<name>/tags/list           | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  GET /v2/<name>/tags/list           | private    | 401     hidden  hidden  hidden  ok      ok      ok      401      401     401     | 200
  HEAD /v2/<name>/tags/list          | public     | ok      ok      ok      ok      ok      ok      ok      401      401     401     | 200
  HEAD /v2/<name>/tags/list          | private    | 401     hidden  hidden  hidden  ok      ok      ok      401      401     401     | 200
`

const absentDigest = sha256('of nothing that was pushed')
const absentUpload = '00000000-0000-4000-8000-000000000000'

/** What operations are asked beside the name of the repository. */
const inputs: { readonly [Name in OperationName]: (scene: Scene) => object } = {
  BatchCheckLayerAvailability: () => ({ layerDigests: [absentDigest] }),
  BatchDeleteImage: () => ({ imageIds: [{ imageDigest: absentDigest }] }),
  CompleteLayerUpload: () => ({ uploadId: absentUpload, layerDigests: [absentDigest] }),
  CreateRepository: () => ({}),
  DeleteRepository: () => ({}),
  DeleteRepositoryPolicy: () => ({}),
  DescribeImageTags: () => ({}),
  DescribeImages: () => ({}),
  DescribeRegistries: () => ({}),
  DescribeRepositories: () => ({}),
  GetAuthorizationToken: () => ({}),
  GetRegistryCatalogData: () => ({}),
  GetRepositoryCatalogData: () => ({}),
  GetRepositoryPolicy: () => ({}),
  InitiateLayerUpload: () => ({}),
  ListTagsForResource: () => ({}),
  PutImage: ({ image }) => ({
    imageManifest: image.bytes.toString(),
    imageManifestMediaType: image.mediaType,
    imageTag: 'latest',
  }),
  PutRegistryCatalogData: () => ({ displayName: 'Matrix' }),
  PutRepositoryCatalogData: () => ({ catalogData: {} }),
  SetRepositoryPolicy: () => ({ policyText: '{}' }),
  TagResource: () => ({ tags: [{ Key: 'team', Value: 'matrix' }] }),
  UntagResource: () => ({ tagKeys: ['team'] }),
  UploadLayerPart: () => ({ uploadId: absentUpload, partFirstByte: 0, partLastByte: 0, layerPartBlob: 'AA==' }),
}

/** What stands for the `*` of an endpoint; `shows` is what a body has to show of what was asked about. */
const requests: Readonly<Record<string, (scene: Scene) => EndpointRequest>> = {
  'GET /v2/_catalog': () => ({ showsName: true }),
  'GET /v2/<name>/blobs/*': ({ image }) => ({ last: image.blobs[0]!.digest }),
  'HEAD /v2/<name>/blobs/*': ({ image }) => ({ last: image.blobs[0]!.digest }),
  'DELETE /v2/<name>/blobs/*': ({ image }) => ({ last: image.blobs[0]!.digest }),
  'PUT /v2/<name>/blobs/uploads/*': () => ({ last: `${absentUpload}?digest=${absentDigest}` }),
  'PUT /v2/<name>/manifests/*': ({ image }) => ({ body: image.bytes, mediaType: image.mediaType }),
  'DELETE /v2/<name>/manifests/*': () => ({ last: absentDigest }),
  'GET /v2/<name>/referrers/*': ({ image, artifact }) => ({ last: image.digest, shows: artifact.digest }),
}
