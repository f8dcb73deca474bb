import type { ByteRange } from '../../blobs/blob-store.ts'
import { refuse } from '../../errors.ts'

/** Most ranges that one request is served: what podman asks for at once, at most, of a layer it has parts of. */
const rangesMax = 1024

/**
 * The parts of `bytes` bytes that a Range header asks for, in its order; `undefined` for all of them. A header that is
 * malformed, of another unit, for too many ranges or for the same bytes twice is as good as none, which RFC 9110 §14.2
 * allows. Refuses `RangeUnsatisfiable` where no range has any bytes; where one has, those that have none are left out.
 */
export function parseRanges(text: string | undefined, bytes: number): ByteRange[] | undefined {
  const [, list] = /^bytes=(.*)$/.exec(text?.trim() ?? '') ?? []
  const specs = (list ?? '').split(',').map((spec) => /^\s*(\d{0,16})-(\d{0,16})\s*$/.exec(spec))
  if (specs.length > rangesMax) return undefined
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const [, first = '', last = ''] = spec ?? []
    if (first === '' && last === '') return undefined
    const range = first === '' ? suffix(Number(last), bytes) : between(Number(first), last, bytes)
    if (range) ranges.push(range)
  }
  if (ranges.length === 0) throw refuse('RangeUnsatisfiable', { bytes })
  return overlap(ranges) ? undefined : ranges
}

function between(start: number, last: string, bytes: number): ByteRange | undefined {
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  return end < start ? undefined : { start, end }
}

function suffix(length: number, bytes: number): ByteRange | undefined {
  return length === 0 || bytes === 0 ? undefined : { start: Math.max(0, bytes - length), end: bytes - 1 }
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const inOrder = ranges.toSorted((a, b) => a.start - b.start)
  return inOrder.some(({ start }, i) => i > 0 && start <= inOrder[i - 1]!.end)
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
