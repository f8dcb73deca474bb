// `npm run build`: compiles src/ to dist/, which is what the package publishes. Nothing else needs it: tests, scripts and
// `npm start` run the source as it is.
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
const dist = join(root, 'dist')

// What an earlier build left would be published, too.
rmSync(dist, { recursive: true, force: true })
compile()
copyOtherFiles()

function compile() {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
  const arguments_ = [join(typescript, 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json')]
  const { status, error } = spawnSync(process.execPath, arguments_, { cwd: root, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

/** What the compiler leaves behind, SQL migrations for one: the code reads such files from beside itself. */
function copyOtherFiles() {
  cpSync(source, dist, { recursive: true, filter: (path) => !path.endsWith('.ts') })
}
