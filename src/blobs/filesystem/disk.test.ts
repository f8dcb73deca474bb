import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { BlobStoreUnavailable } from '../blob-store.ts'
import { asUnavailable, closing, ifThere, nodeDisk } from './disk.ts'

const { errno } = constants

test.for(['EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE', 'ENOSPC', 'EROFS'] as const)(
  '%s means that the store cannot serve now',
  (code) => {
    const error = Object.assign(new Error(code), { errno: -errno[code] })
    const unavailable = asUnavailable(error)
    expect(unavailable).toBeInstanceOf(BlobStoreUnavailable)
    expect(unavailable).toMatchObject({ cause: error, message: code })
  },
)

test.for([
  ['ENOENT', Object.assign(new Error('ENOENT'), { errno: -errno.ENOENT })],
  ['EACCES', Object.assign(new Error('EACCES'), { errno: -errno.EACCES })],
  ['an error without a number', new TypeError('a mistake')],
  ['what is no error', 'thrown'],
  ['nothing', undefined],
] as const)('%s passes as it is', ([, error]) => {
  expect(asUnavailable(error)).toBe(error)
})

test('a missing file is no error where it is expected', async () => {
  expect(await ifThere(nodeDisk.statusAt('/nowhere/at/all'))).toBeUndefined()
  expect((await ifThere(nodeDisk.statusAt('/')))?.size).toBeTypeOf('number')
  await expect(ifThere(nodeDisk.names('/dev/null'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test('a close that fails hides no earlier error, and is reported when there is none', async () => {
  const refusal = new Error('cannot close')
  const disk = { ...nodeDisk, close: () => Promise.reject(refusal) }
  const earlier = new Error('earlier')
  await expect(closing(disk, 3, () => Promise.reject(earlier))).rejects.toBe(earlier)
  await expect(closing(disk, 3, async () => 'fine')).rejects.toBe(refusal)
})
