import type { Disk } from './disk.ts'

/** The same disk, which tells how long each sync took, in milliseconds, whether it succeeded or not. */
export function timedDisk(disk: Disk, onSync: (ms: number) => void): Disk {
  const timed = (sync: Disk['sync']) => async (descriptor: number) => {
    const startedAt = performance.now()
    try {
      await sync(descriptor)
    } finally {
      onSync(performance.now() - startedAt)
    }
  }
  return { ...disk, sync: timed(disk.sync), datasync: timed(disk.datasync) }
}
