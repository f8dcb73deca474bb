import { join } from 'node:path'

import { expect, test } from 'vitest'

import { fencesOf } from './architecture/markdown.ts'
import { root } from './architecture/source-files.ts'
import { runCommand } from './support/command.ts'

test('the embedding example in README.md runs and prints what its comments say', { timeout: 30_000 }, async () => {
  const [example] = fencesOf('README.md', 'ts')
  expect(example).toContain("from 'waybill'")
  // Read from standard input, imports are looked up from the working directory, as in a file of this folder.
  const input = example!.replaceAll("'waybill'", `'${join(root, 'src', 'index.ts')}'`)
  const output = await runCommand(process.execPath, ['--input-type=module-typescript', '-'], { input, cwd: root })
  expect(output.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:46121').split('\n')).toEqual(promisedLines(example!))
})

/** What stands in comments behind `console.log(…)`, a line for each. */
function promisedLines(code: string): string[] {
  return [...code.matchAll(/^console\.log\(.*\) \/\/ (.+)$/gm)].map(([, line]) => line!)
}
