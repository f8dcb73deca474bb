import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { endWithThisProcess } from '../support/child-processes.ts'

const root = join(import.meta.dirname, '..', '..')
/** The program under test: another one, a built `dist/cli/main.js` say, can be named. */
const program = process.env.WAYBILL_TEST_PROGRAM ?? join(root, 'src', 'cli', 'main.ts')

/** Where Node keeps what it made of the sources: without it, most of a command's time would go into making it again. */
const compileCache = join(root, 'node_modules', '.cache', 'waybill-cli-tests')

/** What a test of a few commands may take, on a machine that has other things to do as well. */
export const commandsMsMax = 60_000

export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `waybill` to its end, with no settings but those in `env`. */
export type Waybill = (args: readonly string[], options?: { env?: NodeJS.ProcessEnv; input?: string }) => Promise<Ended>

export const waybill: Waybill = async (args, { env = {}, input = '' } = {}) => {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(WAYBILL|AWS)_/.test(name))
  const child = spawn(process.execPath, [program, ...args], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: 'pipe',
  })
  endWithThisProcess(child)
  // A command may end without reading its input.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, stdout, stderr }
}

/** The same on one data folder, where everything is to go well: gives what it prints, parsed. */
export function onFolder(folder: string) {
  return async <Printed>(args: readonly string[], input?: string): Promise<Printed> => {
    const options = { env: { WAYBILL_DATA: folder }, ...(input !== undefined && { input }) }
    const { exitCode, stdout, stderr } = await waybill([...args, '--json'], options)
    if (exitCode !== 0) throw new Error(`waybill ${args.join(' ')} ended with ${exitCode}: ${stderr}`)
    return JSON.parse(stdout) as Printed
  }
}
