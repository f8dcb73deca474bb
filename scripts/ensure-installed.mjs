// Runs before `npm start` and `npm test`, on whatever Node the machine has: installs what the lock file names when
// that has not been done yet, and says what to do when no Node 24 can be had.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.error('Installing dependencies (once; about 20 seconds)…')
  const npm = process.env.npm_execpath
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []]
  const { status } = spawnSync(
    command,
    [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-timeout=60000'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  if (status !== 0) {
    console.error('Installing dependencies failed: see the lines above, then run `npm ci` by hand.')
    process.exit(1)
  }
}

const bundledNode = existsSync(join(root, 'node_modules', '.bin', 'node'))
if (!bundledNode && Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `Waybill runs on Node 24 or newer, and this is Node ${process.versions.node}. Install Node 24, then try again.`,
  )
  process.exit(1)
}
