import { refuse } from '../errors.ts'

/** What a picture's first bytes say of it. */
export interface PictureHeader {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp'
  /** In pixels. */
  readonly width: number
  readonly height: number
}

/** ECR Public's limits for a logo. */
export const logoBytesMax = 512_000
export const logoSidePixelsMin = 60
export const logoSidePixelsMax = 2048

/**
 * A logo is what its own bytes say it is, whatever anybody calls it, and only what every browser shows as a picture and
 * nothing more: an SVG could bring scripts along. Refuses `LogoInvalid`.
 */
export function parseLogo(bytes: Uint8Array): PictureHeader {
  if (bytes.length > logoBytesMax)
    throw refuse('LogoInvalid', { reason: `Member must have length less than or equal to ${logoBytesMax}` })
  const header = readPictureHeader(bytes)
  if (!header) throw refuse('LogoInvalid', { reason: 'Member must be a PNG, JPEG or WebP image' })
  const { width, height } = header
  if (Math.min(width, height) < logoSidePixelsMin || Math.max(width, height) > logoSidePixelsMax) {
    throw refuse('LogoInvalid', {
      reason: `Member must be ${logoSidePixelsMin} to ${logoSidePixelsMax} pixels wide and high, and not ${width} by ${height}`,
    })
  }
  return header
}

/** `undefined` for whatever is not one of the three formats, or breaks off before it has said how large it is. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return readPng(view) ?? readJpeg(view) ?? readWebp(view)
}

/** W3C PNG, §5: the signature, then a chunk IHDR of 13 bytes and its checksum. */
function readPng(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 33 || !hasText(view, 0, '\x89PNG\r\n\x1a\n')) return undefined
  if (view.getUint32(8) !== 13 || !hasText(view, 12, 'IHDR')) return undefined
  return { mediaType: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** ITU-T T.81, annex B: segments, up to the one that begins the frame. */
function readJpeg(view: DataView): PictureHeader | undefined {
  if (!hasText(view, 0, '\xff\xd8')) return undefined
  let offset = 2
  while (offset + jpegFrameBytes <= view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return undefined
    const marker = view.getUint8(offset + 1)
    if (marker === 0xff) {
      offset += 1 // any number of these may stand in front of a marker
      continue
    }
    if (marker >= 0xc0 && marker <= 0xc2) {
      return { mediaType: 'image/jpeg', width: view.getUint16(offset + 7), height: view.getUint16(offset + 5) }
    }
    // Markers without a segment, and the scan itself, cannot come before the frame.
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda)) return undefined
    const segmentBytes = view.getUint16(offset + 2)
    if (segmentBytes < 2) return undefined
    offset += 2 + segmentBytes
  }
  return undefined
}

/** Marker, length, precision, height and width. Of the kinds of frames browsers show three: 0xc0 to 0xc2. */
const jpegFrameBytes = 9

/** RFC 9649, §2.4 to §2.7: a RIFF container whose first chunk says which of three forms the picture has. */
function readWebp(view: DataView): PictureHeader | undefined {
  if (!hasText(view, 0, 'RIFF') || !hasText(view, 8, 'WEBP')) return undefined
  const size = readLossyWebp(view) ?? readLosslessWebp(view) ?? readExtendedWebp(view)
  return size && { mediaType: 'image/webp', ...size }
}

type Size = Pick<PictureHeader, 'width' | 'height'>

/** RFC 6386, §9.1: a key frame; 14 bits for each side. */
function readLossyWebp(view: DataView): Size | undefined {
  if (!hasText(view, 12, 'VP8 ') || view.byteLength < 30) return undefined
  const isKeyFrame = (view.getUint8(20) & 1) === 0
  if (!isKeyFrame || !hasText(view, 23, '\x9d\x01\x2a')) return undefined
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
}

/** RFC 9649, §3.4: a signature byte, then 14 bits for each side less one. */
function readLosslessWebp(view: DataView): Size | undefined {
  if (!hasText(view, 12, 'VP8L') || view.byteLength < 25 || view.getUint8(20) !== 0x2f) return undefined
  const bits = view.getUint32(21, true)
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
}

/** RFC 9649, §2.7: 24 bits for each side less one. */
function readExtendedWebp(view: DataView): Size | undefined {
  if (!hasText(view, 12, 'VP8X') || view.byteLength < 30) return undefined
  return { width: getUint24(view, 24) + 1, height: getUint24(view, 27) + 1 }
}

function getUint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16)
}

/** Whether these bytes, one for each character, stand there. */
function hasText(view: DataView, offset: number, text: string): boolean {
  if (view.byteLength < offset + text.length) return false
  for (let i = 0; i < text.length; i++) if (view.getUint8(offset + i) !== text.charCodeAt(i)) return false
  return true
}
