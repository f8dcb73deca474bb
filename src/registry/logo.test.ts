import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type PictureName, picture, png } from '../../test/support/pictures.ts'
import { logoBytesMax, parseLogo, readPictureHeader } from './logo.ts'

const formats: readonly [name: PictureName, mediaType: string][] = [
  ['truecolour.png', 'image/png'],
  ['palette.png', 'image/png'],
  ['baseline.jpg', 'image/jpeg'],
  ['progressive.jpg', 'image/jpeg'],
  ['exif.jpg', 'image/jpeg'],
  ['lossy.webp', 'image/webp'],
  ['lossless.webp', 'image/webp'],
  ['transparent.webp', 'image/webp'],
]

test.for(formats)('the header of %s says %s, and how large it is', ([name, mediaType]) => {
  expect(readPictureHeader(picture(name))).toEqual({ mediaType, width: 64, height: 80 })
})

test.for(formats)('%s may lie anywhere in memory', ([name]) => {
  const within = Buffer.concat([Buffer.alloc(7), picture(name), Buffer.alloc(7)]).subarray(7, -7)
  expect(readPictureHeader(within)).toEqual(readPictureHeader(picture(name)))
})

test.for(formats)('%s that breaks off is no picture until its size is told', ([name]) => {
  const whole = picture(name)
  const lengths = Array.from({ length: whole.length + 1 }, (_, length) => length)
  const told = lengths.map((length) => readPictureHeader(whole.subarray(0, length)))
  const first = told.findIndex((header) => header !== undefined)
  expect(first).toBeGreaterThan(20)
  expect(new Set(told.slice(first).map((header) => JSON.stringify(header)))).toEqual(
    new Set([JSON.stringify(readPictureHeader(whole))]),
  )
})

test('widths and heights of all sizes are told apart', () => {
  const side = fc.integer({ min: 1, max: 16_384 })
  fc.assert(
    fc.property(side, side, (width, height) => {
      for (const bytes of [png(width, height), jpeg(width, height), ...webps(width, height)]) {
        expect(readPictureHeader(bytes)).toMatchObject({ width, height })
      }
    }),
  )
})

describe('no bytes make it fail', () => {
  test('whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readPictureHeader(bytes)))
  })

  test('nor behind the beginning of a picture', () => {
    const beginnings = formats.flatMap(([name]) =>
      [2, 4, 12, 16, 20, 24, 30].map((length) => picture(name).subarray(0, length)),
    )
    fc.assert(
      fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 200 }), (beginning, rest) => {
        expectSound(Buffer.concat([beginning, rest]))
      }),
    )
  })

  test('nor with a picture damaged in one place', () => {
    fc.assert(
      fc.property(fc.constantFrom(...formats), fc.nat(), fc.nat(255), ([name], place, value) => {
        const bytes = picture(name)
        bytes[place % bytes.length] = value
        expectSound(bytes)
      }),
    )
  })

  /** What is taken for a picture has a size; everything else is `undefined`. */
  function expectSound(bytes: Uint8Array): void {
    const header = readPictureHeader(bytes)
    if (header === undefined) return
    expect(header.width).toBeGreaterThanOrEqual(0)
    expect(header.height).toBeGreaterThanOrEqual(0)
  }
})

test.for([
  ['nothing', Buffer.alloc(0)],
  ['a GIF', picture('plain.gif')],
  ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>')],
  ['a PNG whose first chunk is another', Buffer.from(png(64, 64).toString('latin1').replace('IHDR', 'IDAT'), 'latin1')],
  ['a JPEG of nothing but filling', Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(500_000, 0xff)])],
  ['a JPEG whose scan comes before its frame', Buffer.from('ffd8ffda000c03010002110311003f00ffc0001108', 'hex')],
  ['a JPEG with a segment of no length', Buffer.from('ffd8ffe00000000000000000000000000000', 'hex')],
  ['a WebP whose first chunk is another', Buffer.from('RIFF....WEBPXXXX..................')],
] as const)('a logo is not %s', ([, bytes]) => {
  expect(() => parseLogo(bytes)).toThrow('Member must be a PNG, JPEG or WebP image')
})

test.for([
  [60, 60, true],
  [2048, 2048, true],
  [60, 2048, true],
  [59, 60, false],
  [60, 59, false],
  [2049, 60, false],
  [60, 2049, false],
  [0, 60, false],
  [60, 0xffff_ffff, false],
] as const)('a logo of %i by %i pixels: %s', ([width, height, isFine]) => {
  if (isFine) expect(parseLogo(png(width, height))).toEqual({ mediaType: 'image/png', width, height })
  else expect(() => parseLogo(png(width, height))).toThrow(`and not ${width} by ${height}`)
})

test('a logo has so many bytes and not one more', () => {
  expect(parseLogo(png(64, 64, logoBytesMax))).toMatchObject({ width: 64 })
  expect(() => parseLogo(png(64, 64, logoBytesMax + 1))).toThrow('512000')
})

/** Down to the frame's header, behind a comment. */
function jpeg(width: number, height: number): Buffer {
  const bytes = Buffer.from('ffd8fffe000468ffffffc20011080000000003', 'hex')
  bytes.writeUInt16BE(height, bytes.length - 5)
  bytes.writeUInt16BE(width, bytes.length - 3)
  return bytes
}

/** Of each form, the sides being less than 2^14. */
function webps(width: number, height: number): Buffer[] {
  const [lossy, lossless, extended] = [picture('lossy.webp'), picture('lossless.webp'), picture('transparent.webp')]
  lossy.writeUInt16LE(width & 0x3fff, 26)
  lossy.writeUInt16LE(height & 0x3fff, 28)
  lossless.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, 21)
  extended.writeUIntLE(width - 1, 24, 3)
  extended.writeUIntLE(height - 1, 27, 3)
  return width < 16_384 && height < 16_384 ? [lossy, lossless, extended] : [lossless, extended]
}
