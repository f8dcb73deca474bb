import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { contentOf, root } from './source-files.ts'

/** The pages that people read, by their paths from the root. */
export const pages: readonly string[] = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort()

export interface Link {
  readonly text: string
  /** The file it leads to, by its path from the root, and the heading in it; undefined for the file as a whole. */
  readonly file: string
  readonly heading: string | undefined
}

/** A page's links to files of this repository. */
export function linksOf(page: string): Link[] {
  const links = withoutFences(contentOf(page)).matchAll(/\[((?:`[^`]*`|[^\]`])+)\]\(([^)\s]+)\)/g)
  return [...links]
    .map(([, text, target]) => ({ text: text!, target: target! }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .map(({ text, target }) => {
      const [path, heading] = target.split('#', 2)
      return { text, file: path === '' ? page : join(dirname(page), path!), heading }
    })
}

/** What links to a page's headings end with, made as code forges make it. */
export function headingsOf(page: string): string[] {
  const headings = withoutFences(contentOf(page)).matchAll(/^#{1,6} (.+)$/gm)
  return [...headings].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** The fenced blocks of a page in one language; what stands between the fences. */
export function fencesOf(page: string, language: string): string[] {
  return [...contentOf(page).matchAll(FENCE)].filter(([, tag]) => tag === language).map(([, , block]) => block!)
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm

function withoutFences(markdown: string): string {
  return markdown.replace(FENCE, '')
}
