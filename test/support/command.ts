import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { endWithThisProcess } from './child-processes.ts'

const timeoutMsDefault = 120_000
const shownCharactersMax = 6_000

export interface CommandOptions {
  /** The whole environment; that of this process unless given. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly input?: string
  readonly timeoutMs?: number
}

/** A command that could not be started, ran out of time or ended with anything but 0; the message shows what it said. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * Runs a command to its end and gives what it wrote to standard output, without the line end that closes it. When the
 * time is up, it is ended together with whatever it started.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, cwd, input = '', timeoutMs = timeoutMsDefault }: CommandOptions = {},
): Promise<string> {
  const child = spawn(command, args, { env: env ?? process.env, cwd, detached: true, stdio: 'pipe' })
  endWithThisProcess(child)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    killGroup(child)
  }, timeoutMs)
  const [output, errors] = [gather(child.stdout), gather(child.stderr)]
  // A command may end without reading its input: its exit code tells, not the broken pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const outcome = await once(child, 'close').then(
    ([code, signal]) => (timedOut ? `took more than ${timeoutMs / 1000} s` : `ended with ${signal ?? code}`),
    (error: Error) => `could not be run: ${error.message}`,
  )
  clearTimeout(timer)
  if (outcome === 'ended with 0') return output().replace(/\n$/, '')
  const said = [`--- stdout`, output().slice(-shownCharactersMax), `--- stderr`, errors().slice(-shownCharactersMax)]
  throw new CommandError([[command, ...args].join(' '), outcome, ...said].join('\n'))
}

function gather(stream: Readable): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

/** A command leads a process group of its own. Something that has left it may still hold the pipes: they are closed here. */
function killGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  child.stdout.destroy()
  child.stderr.destroy()
}
