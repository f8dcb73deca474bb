import { expect, test } from 'vitest'

import { contentOf, importsOf, isTest, typescriptFiles } from './source-files.ts'

/** Everything that comes along with Waybill, and why it is worth it. One more is a visible, argued change. */
const reasons: Readonly<Record<string, string>> = {
  commander: 'Commands, flags, their help and their mistakes: a solved problem.',
  fastify: 'As fast as bare node:http here, with timeouts, a graceful close and plugins that need not be written.',
  jose: 'Signs and verifies JWTs. Checking tokens is no place for code of our own.',
  'lru-cache': 'Bounded caches in constant time: prepared statements, verified tokens, digests in the making.',
  pino: 'One line of JSON for each request, without slowing the request down.',
  'prom-client': 'Histograms, the process and its event loop in the format that every Prometheus reads.',
  'sql-template-tag': 'Plain SQL with its values apart from its text, in the form of both SQLite and PostgreSQL.',
  zod: 'Shapes of the input of API operations, with messages of our choosing: those of ECR.',
}

interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

const { dependencies, devDependencies, optionalDependencies } = JSON.parse(contentOf('package.json')) as PackageFile

const imported = new Set(
  typescriptFiles('src')
    .filter((file) => !isTest(file))
    .flatMap((file) => importsOf(file).packages)
    .filter((name) => !name.startsWith('node:')),
)

test('every runtime dependency is one that was argued for', () => {
  expect(Object.keys(dependencies).sort()).toEqual(Object.keys(reasons).sort())
})

test('every package that src imports is a runtime dependency, and the other way round', () => {
  expect([...imported].sort()).toEqual(Object.keys(dependencies).sort())
})

test.for(Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))(
  '%s has an exact version',
  ([, version]) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)
  },
)
