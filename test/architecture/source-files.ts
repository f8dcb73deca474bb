import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** TypeScript files under these folders, by their paths from the root. */
export function typescriptFiles(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root })).sort()
}

export const isTest = (file: string): boolean => file.endsWith('.test.ts')

export function contentOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export interface FileImports {
  /** Files of this repository, by their paths from the root. */
  readonly files: readonly string[]
  /** Packages and Node's own modules: `fastify`, `@types/node`, `node:fs`. */
  readonly packages: readonly string[]
}

/** What a file imports, statically, dynamically or to export it again; for its types, too. */
export function importsOf(file: string): FileImports {
  const specifiers = statements.flatMap((statement) =>
    [...contentOf(file).matchAll(statement)].map((match) => match[1]!),
  )
  return {
    files: specifiers.filter(isRelative).map((specifier) => relative(root, join(root, dirname(file), specifier))),
    packages: specifiers.filter((specifier) => !isRelative(specifier)).map(packageName),
  }
}

/** In the one form that the formatter leaves: single quotes, statements at the start of a line. */
const statements = [
  /^import '([^']+)'/gm,
  /^import [^'"`;]*? from '([^']+)'/gm,
  /^export (?:type )?(?:\*(?: as \w+)?|\{[^}]*\}) from '([^']+)'/gm,
  /\bimport\('([^']+)'\)/g,
]

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
