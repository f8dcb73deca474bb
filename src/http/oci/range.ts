import type { ByteRange } from '../../blobs/blob-store.ts'
import { refuse } from '../../errors.ts'

/**
 * The bytes a Range header asks for; `undefined` for all of them. A header that is malformed, of another unit, or for
 * several ranges is as good as none, which RFC 9110 §14.2 allows. Refuses `RangeUnsatisfiable`.
 */
export function parseRange(text: string | undefined, bytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(text?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') return suffix(Number(last), bytes)
  const start = Number(first)
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (start >= bytes || end < start) throw refuse('RangeUnsatisfiable', { bytes })
  return { start, end }
}

function suffix(length: number, bytes: number): ByteRange {
  if (length === 0 || bytes === 0) throw refuse('RangeUnsatisfiable', { bytes })
  return { start: Math.max(0, bytes - length), end: bytes - 1 }
}

/**
 * Where a chunk of an upload belongs: `<start>-<end>`, both inclusive (OCI distribution-spec 1.1, "Pushing a blob in
 * chunks"), or the same as HTTP would spell it, `bytes <start>-<end>/*`. `undefined` without the header.
 * Refuses `RequestMalformed`.
 */
export function parseChunkRange(text: string | undefined): ByteRange | undefined {
  if (text === undefined) return undefined
  const [, first, last] = /^(?:bytes[ =])?(\d{1,16})-(\d{1,16})(?:\/(?:\*|\d{1,16}))?$/.exec(text.trim()) ?? []
  const start = Number(first)
  const end = Number(last)
  if (first === undefined || end < start) {
    throw refuse('RequestMalformed', {
      reason: `"${text.slice(0, 100)}" is no Content-Range: <first byte>-<last byte>`,
    })
  }
  return { start, end }
}
