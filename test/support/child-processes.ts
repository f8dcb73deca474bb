import type { ChildProcess } from 'node:child_process'

const living = new Set<ChildProcess>()

/**
 * Ends a child when this process exits before it does. Should this process be killed, the child is still in its process
 * group (unless spawned with `detached`), so that whoever ends the group ends it too.
 */
export function endWithThisProcess(child: ChildProcess): void {
  if (living.size === 0) process.once('exit', killAll)
  living.add(child)
  child.once('exit', () => {
    living.delete(child)
    if (living.size === 0) process.removeListener('exit', killAll)
  })
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function killAll(): void {
  for (const child of living) child.kill('SIGKILL')
}
