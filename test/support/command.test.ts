import { expect, test } from 'vitest'
import { CommandError, runCommand } from './command.ts'

test('a command gets its input and gives its output without the last line end', async () => {
  expect(await runCommand('cat', [], { input: 'one\ntwo\n' })).toBe('one\ntwo')
})

test('a command that fails shows how it ended and what it said', async () => {
  const failed = runCommand('sh', ['-c', 'echo out; echo err >&2; exit 3'])
  await expect(failed).rejects.toThrow(
    new CommandError('sh -c echo out; echo err >&2; exit 3\nended with 3\n--- stdout\nout\n\n--- stderr\nerr\n'),
  )
})

test('a command that does not exist says so', async () => {
  await expect(runCommand('no-such-command', [])).rejects.toThrow(/could not be run: .*ENOENT/)
})

test.for([
  { left: 'in its own group', script: 'echo begun; sleep 60 & sleep 60' },
  { left: 'in a group of their own', script: 'echo begun; setsid sleep 3 & exit 0' },
])('a command whose children, $left, hold its output ends when its time is up', async ({ script }) => {
  const slow = runCommand('sh', ['-c', script], { timeoutMs: 300 })
  await expect(slow).rejects.toThrow(/took more than 0\.3 s\n--- stdout\nbegun/)
})
