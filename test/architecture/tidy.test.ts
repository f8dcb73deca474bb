import { globSync } from 'node:fs'
import { basename } from 'node:path'

import { expect, test } from 'vitest'

import { contentOf, importsOf, isTest, root, typescriptFiles } from './source-files.ts'

const linesMax = 400

const files = typescriptFiles('src', 'test', 'scripts', 'bench')

/** Files that are longer than `linesMax`, and why that is better than to cut them up. */
const reasonsForLength: Readonly<Record<string, string>> = {
  'src/auth/sigv4.test.ts': 'One family: every way to sign and to fail, against two other implementations.',
  'src/metadata/metadata-store.ts': 'A port in one file: every noun, and every question that may be asked of it.',
  'test/contract/metadata-store.contract.ts': 'The whole contract of one port, in the order of its interface.',
  'test/property/iam-oracle.test.ts': 'A second implementation of the evaluator, kept whole so that it can be read.',
}

/** What runs by itself. All other files are there because one of these needs them. */
const programs = ['src/index.ts', 'src/cli/main.ts', 'src/metadata/sqlite/checkpoint-worker.ts']

test('no file is long without a reason, and no reason is without its file', () => {
  const long = files.filter((file) => contentOf(file).split('\n').length - 1 > linesMax)
  expect(long.filter((file) => reasonsForLength[file] === undefined)).toEqual([])
  expect(Object.keys(reasonsForLength).filter((file) => !files.includes(file))).toEqual([])
})

test('no file or folder has a name that says nothing', () => {
  const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|types|shared)(?:[./]|$)/
  expect(files.filter((file) => vague.test(file))).toEqual([])
})

test('source files are named in kebab-case', () => {
  const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/
  expect(typescriptFiles('src', 'scripts').filter((file) => !kebab.test(basename(file)))).toEqual([])
})

test('every source file is needed by a program or a test', () => {
  const reached = new Set<string>()
  const waiting = [...programs, ...typescriptFiles('src', 'test').filter(isTest)]
  for (const file of waiting) {
    if (reached.has(file)) continue
    reached.add(file)
    waiting.push(...importsOf(file).files)
  }
  expect(typescriptFiles('src').filter((file) => !reached.has(file))).toEqual([])
})

/** Spelled in pieces, so that this file does not name what it looks for. */
const unwanted: Readonly<Record<string, RegExp>> = {
  'the host of a package registry': new RegExp(
    [
      ['registry', 'npmjs', 'org'],
      ['registry', 'yarnpkg', 'com'],
      ['pypi', 'org'],
      ['files', 'pythonhosted', 'org'],
      ['proxy', 'golang', 'org'],
      ['deb', 'debian', 'org'],
      ['archive', 'ubuntu', 'com'],
    ]
      .map((labels) => labels.join('\\.'))
      .join('|'),
  ),
  'a path of one machine': new RegExp(
    ['work', 'root', 'home/\\w+', 'Users/\\w+'].map((name) => `(?<![\\w.)}])/${name}/`).join('|'),
  ),
}

test.for(Object.entries(unwanted))('no file names %s', ([, pattern]) => {
  const everyFile = globSync('**/*', { cwd: root, withFileTypes: true, exclude: isIgnored })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length + 1))
  expect(everyFile.length).toBeGreaterThan(100)
  const found = everyFile.flatMap((file) => {
    const match = pattern.exec(contentOf(file))
    return match ? [`${file}: ${match[0]}`] : []
  })
  expect(found).toEqual([])
})

/** What .gitignore lists, and git's own. */
function isIgnored({ name }: { readonly name: string }): boolean {
  return (
    ['node_modules', 'dist', 'data', 'coverage', '.git', '.artifacts'].includes(name) ||
    /\.(?:log|cpuprofile)$/.test(name)
  )
}
