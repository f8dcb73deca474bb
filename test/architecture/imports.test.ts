import { describe, expect, test } from 'vitest'

import { importsOf, isTest, typescriptFiles } from './source-files.ts'

const doors = ['http/oci', 'http/token', 'http/ecr-public', 'http/sts', 'http/logo', 'http/operator']
const belowHttp = ['lib', 'errors', 'oci', 'iam', 'auth', 'registry', 'blobs/blob-store', 'metadata/metadata-store']

/**
 * Each area of src/, and what it may import beside itself: other areas, or single files of them. An area is a folder
 * without the folders below it that have a row of their own, or a single file.
 *
 * Reading down the list is climbing the building: nothing knows what stands above it. Types count like values.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  errors: [],
  oci: ['lib', 'errors'],
  iam: ['lib', 'errors'],

  // The two ports, and under each its drivers, which know only it.
  'blobs/blob-store': [],
  'blobs/memory': ['lib', 'blobs/blob-store'],
  'blobs/filesystem': ['lib', 'blobs/blob-store'],
  'metadata/metadata-store': ['oci', 'blobs/blob-store'],
  'metadata/sql': ['lib', 'oci', 'blobs/blob-store', 'metadata/metadata-store'],
  'metadata/sqlite': ['lib', 'metadata/metadata-store', 'metadata/sql'],

  // The domain: ports, and no drivers; values, and no wire formats.
  registry: ['lib', 'errors', 'oci', 'iam', 'blobs/blob-store', 'metadata/metadata-store'],
  auth: ['lib', 'errors', 'iam', 'oci/repository-name', 'metadata/metadata-store'],
  // With the values that the doors are set by, which know nothing of a server.
  config: [
    ...['errors', 'oci', 'auth/access-keys', 'auth/secret-box', 'registry/limits'],
    ...['http/certificate', 'http/limits', 'http/rates', 'http/trusted-proxies'],
  ],

  // The doors, which do not know each other; only the server knows them all. `/token/` is `/v2/`'s: it words its errors
  // the same way, and has the same quirks.
  http: [...belowHttp, ...doors.map((door) => `${door}/door`)],
  'http/oci': [...belowHttp, 'http'],
  'http/token': [...belowHttp, 'http', 'http/oci/errors', 'http/oci/quirks'],
  'http/ecr-public': [...belowHttp, 'http'],
  'http/sts': [...belowHttp, 'http'],
  'http/logo': [...belowHttp, 'http'],
  'http/operator': [...belowHttp, 'http'],

  // The one place that sees drivers.
  stores: [
    ...['lib', 'config', 'auth'],
    ...['blobs/blob-store', 'blobs/memory', 'blobs/filesystem', 'metadata/metadata-store', 'metadata/sqlite'],
  ],
  assemble: ['lib', 'config', 'auth', 'registry', 'http', 'http/oci/quirks', 'stores'],
  maintenance: ['lib', 'config', 'iam', 'auth', 'registry', 'metadata/metadata-store', 'stores'],
  cli: [
    ...['lib', 'errors', 'config', 'oci', 'auth', 'registry', 'metadata/metadata-store'],
    ...['stores', 'assemble', 'maintenance'],
  ],
  index: ['errors', 'config', 'auth', 'registry/finding', 'stores', 'assemble', 'maintenance'],
}

/** Packages and modules that have a place: areas, or single files, and nowhere else. */
const placeOf: Readonly<Record<string, readonly string[]>> = {
  'node:sqlite': ['metadata/sqlite/connection'],
  'sql-template-tag': ['metadata/sql', 'metadata/sqlite'],
  'node:http': ['http', ...doors],
  fastify: ['http', ...doors],
  zod: ['http/ecr-public'],
  jose: ['auth'],
  pino: ['http', 'assemble'],
  'prom-client': ['http/metrics'],
  commander: ['cli'],
}

/** Paths without `src/` and `.ts`. Unit tests may import what they need. */
const modules = typescriptFiles('src')
  .filter((file) => !isTest(file))
  .map((file) => ({ name: moduleName(file), imports: importsOf(file) }))

function moduleName(file: string): string {
  return file.replace(/^src\//, '').replace(/\.ts$/, '')
}

/** The innermost area that a module is in; `undefined` for one that the table does not know. */
function areaOf(module: string): string | undefined {
  return Object.keys(mayImport)
    .filter((area) => module === area || module.startsWith(`${area}/`))
    .sort((a, b) => b.length - a.length)[0]
}

function isAmong(module: string, places: readonly string[]): boolean {
  return places.includes(module) || places.includes(areaOf(module) ?? '')
}

describe('direction of dependencies', () => {
  test('every module belongs to an area, and every area has modules', () => {
    expect(modules.filter(({ name }) => areaOf(name) === undefined).map(({ name }) => name)).toEqual([])
    expect(new Set(modules.map(({ name }) => areaOf(name)))).toEqual(new Set(Object.keys(mayImport)))
  })

  test.for(Object.entries(mayImport))('%s imports only what it may', ([area, allowed]) => {
    const forbidden = modules
      .filter(({ name }) => areaOf(name) === area)
      .flatMap(({ name, imports }) => imports.files.map((file) => ({ name, target: moduleName(file) })))
      .filter(({ target }) => areaOf(target) !== area && !isAmong(target, allowed))
      .map(({ name, target }) => `${name} imports ${target}`)
    expect(forbidden).toEqual([])
  })
})

test.for(Object.entries(placeOf))('%s is imported in its place only', ([specifier, places]) => {
  const importers = modules.filter(({ imports }) => imports.packages.includes(specifier)).map(({ name }) => name)
  expect(importers).not.toEqual([])
  expect(importers.filter((name) => !isAmong(name, places))).toEqual([])
})
