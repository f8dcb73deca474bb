import { randomBytes, randomUUID } from 'node:crypto'

/**
 * A row id that sorts by creation time and fits a JavaScript integer: 41 bits of milliseconds since 2020, then 12
 * random bits. Made by us, not by a sequence, so that any copy of the program can insert without asking a database.
 * One process never makes the same one twice, however many it needs in one millisecond.
 */
export function newRowId(now: number): number {
  lastRowId = Math.max((now - EPOCH_MS) * 4096 + (randomBytes(2).readUInt16BE() & 0xfff), lastRowId + 1)
  return lastRowId
}

let lastRowId = 0

const EPOCH_MS = Date.UTC(2020, 0, 1)

/** An upload's public name: a UUID, unguessable, as ECR's own are. */
export function newUploadId(): string {
  return randomUUID()
}

/** A place in the blob store that was never used before and never will be again: 26 characters of `a-z2-7`. */
export function newObjectKey(): string {
  let text = ''
  for (const byte of randomBytes(26)) text += KEY_ALPHABET[byte & 31]
  return text
}

const KEY_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
