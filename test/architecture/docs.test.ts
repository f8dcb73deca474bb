import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { generatedPages, meanings } from '../../scripts/write-docs.ts'
import { createProgram } from '../../src/cli/program.ts'
import { settings } from '../../src/config/settings.ts'
import { findOperation } from '../../src/http/ecr-public/operations.ts'
import { type Method, matchRoute } from '../../src/http/oci/routes.ts'
import { actionNames, actions } from '../../src/iam/actions.ts'
import { fencesOf, headingsOf, linksOf, pages } from './markdown.ts'
import { contentOf, root, typescriptFiles } from './source-files.ts'

describe('pages made from the code', () => {
  test.for(Object.entries(generatedPages))('%s is what `npm run docs` writes', ([path, page]) => {
    expect(contentOf(path)).toBe(page())
  })

  test('docs/errors.md has every refusal, and no message with a hole in it', () => {
    const [, body] = /export interface Refusals \{\n([\s\S]*?)\n\}/.exec(contentOf('src/errors.ts'))!
    const codes = [...body!.matchAll(/^ {2}([A-Z]\w+): /gm)].map(([, code]) => code!)
    expect(Object.keys(meanings).sort()).toEqual(codes.sort())
    expect(contentOf('docs/errors.md')).not.toMatch(/undefined|NaN|\[object/)
  })
})

describe('links', () => {
  test.for(pages)('of %s lead somewhere', (page) => {
    const broken = linksOf(page).filter(({ file, heading }) => {
      if (!existsSync(join(root, file))) return true
      return heading !== undefined && file.endsWith('.md') && !headingsOf(file).includes(heading)
    })
    expect(broken).toEqual([])
  })

  /** [`Uploads.complete`](src/registry/uploads.ts): the file has both words. */
  test.for(pages)('of %s that name code name what is there', (page) => {
    const stale = linksOf(page).filter(({ text, file }) => {
      const [, name] = /^`([\w.]+)`$/.exec(text) ?? []
      if (name === undefined || !/\.(?:ts|mjs)$/.test(file) || file.endsWith(name)) return false
      const content = contentOf(file)
      return name.split('.').some((word) => !new RegExp(`\\b${word}\\b`).test(content))
    })
    expect(stale).toEqual([])
  })
})

describe('names in the pages', () => {
  const texts = pages.map((page) => ({ page, text: contentOf(page) }))

  test('npm scripts are in package.json', () => {
    const { scripts } = JSON.parse(contentOf('package.json')) as { scripts: Record<string, string> }
    const named = texts.flatMap(({ text }) => [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script!))
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([])
  })

  test('environment variables are settings', () => {
    const known: readonly string[] = Object.values(settings).map(({ variable }) => variable)
    const named = texts.flatMap(({ text }) => text.match(/\bWAYBILL_(?!TEST_)\w+/g) ?? [])
    expect(named.filter((variable) => !known.includes(variable))).toEqual([])
  })

  test('docs/database.md has a paragraph for every table, and for nothing else', () => {
    const migrations = globSync('src/metadata/sqlite/migrations/*.sql', { cwd: root }).map(contentOf)
    const tables = migrations.flatMap((sql) => [...sql.matchAll(/^CREATE TABLE (\w+)/gm)].map(([, table]) => table!))
    const described = [...contentOf('docs/database.md').matchAll(/^\*\*`(\w+)`\*\*/gm)].map(([, table]) => table!)
    expect(described.sort()).toEqual(tables.sort())
  })
})

describe('ARCHITECTURE.md', () => {
  const [tree] = fencesOf('ARCHITECTURE.md', 'text')
  const paths = pathsIn(tree!)

  test('its tree has only what is there', () => {
    expect(paths.length).toBeGreaterThan(20)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('its tree has every folder of the source and of the tests', () => {
    const folders = new Set(typescriptFiles('src', 'test').map((file) => file.slice(0, file.lastIndexOf('/') + 1)))
    expect([...folders].filter((folder) => !paths.some((path) => path.startsWith(folder)))).toEqual([])
  })
})

/** One path a line, two spaces deeper than the folder it is in; folders end with a slash. What follows explains. */
function pathsIn(tree: string): string[] {
  const folders: string[] = []
  return tree
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, indent, name] = /^( *)(\S+)/.exec(line)!
      folders.splice(indent!.length / 2)
      folders.push(name!)
      return folders.join('')
    })
}

/** In README.md, what works and what does not, each in a list of its own. */
describe('the status in README.md', () => {
  const readme = contentOf('README.md')

  test('has each of the 23 operations where it belongs', () => {
    const published = actionNames
      .filter((name) => name.startsWith('ecr-public:') && !('isOurs' in actions[name]))
      .map((name) => name.slice('ecr-public:'.length))
    expect(published.length).toBe(23)
    expect(operationsIn('API, working')).toEqual(published.filter(isServed).sort())
    expect(operationsIn('API, not yet')).toEqual(published.filter((name) => !isServed(name)).sort())
  })

  test('has endpoints where they belong', () => {
    const working = endpointsIn('Registry endpoint, working')
    expect(working.length).toBeGreaterThan(10)
    expect(working.filter((endpoint) => !isRouted(endpoint))).toEqual([])
    expect(endpointsIn('Registry endpoint, not yet').filter(isRouted)).toEqual([])
  })

  test('has every command', () => {
    const commands = [...item('Command line, working').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name!)
    expect(commands.sort()).toEqual(
      createProgram()
        .commands.map((command) => command.name())
        .sort(),
    )
  })

  /** The item of a list that begins with this label; nothing when there is none. */
  function item(label: string): string {
    return new RegExp(`^- ${label}:([\\s\\S]*?)(?=^- |^$)`, 'm').exec(readme)?.[1] ?? ''
  }

  function operationsIn(label: string): string[] {
    return [...item(label).matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name!).sort()
  }

  function endpointsIn(label: string): string[] {
    return [...item(label).matchAll(/`([A-Z]+ \/v2[^`]*)`/g)].map(([, endpoint]) => endpoint!)
  }
})

function isServed(name: string): boolean {
  try {
    return findOperation(`SpencerFrontendService.${name}`).name === name
  } catch {
    return false
  }
}

/** `GET /v2/<name>/tags/list` */
function isRouted(endpoint: string): boolean {
  const [method, path] = endpoint.split(' ')
  const [plain] = path!.replaceAll(/<\w+>/g, 'x').split('?')
  return matchRoute(plain!)?.handlers[method as Method] !== undefined
}
