import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { secretKeyBytes } from './secret-box.ts'

/** The file holds something, but not a key. */
export class SecretKeyInvalid extends Error {
  override readonly name = 'SecretKeyInvalid'
}

/**
 * The key in a file (base64, mode 0600), made if there is none. It is on the disk before it seals anything, and never
 * replaced: without it every access key in the database is lost.
 */
export async function loadSecretKey(path: string): Promise<Uint8Array> {
  const key = await findSecretKey(path)
  if (key) return key
  await create(path)
  return parse(path, await readFile(path, 'utf8'))
}

/** The key in a file, if there is such a file. */
export async function findSecretKey(path: string): Promise<Uint8Array | undefined> {
  try {
    return parse(path, await readFile(path, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parse(path: string, text: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== secretKeyBytes)
    throw new SecretKeyInvalid(`${path} does not hold ${secretKeyBytes} bytes in base64`)
  return key
}

/** Written aside and linked into place, so that the file is either whole or not there, and the first of two wins. */
async function create(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}.new`
  {
    await using file = await open(aside, 'w', 0o600)
    await file.writeFile(`${randomBytes(secretKeyBytes).toString('base64')}\n`)
    await file.sync()
  }
  try {
    await link(aside, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  await rm(aside)
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
}
