import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files that other programs wrote, each 64 pixels wide and 80 high. */
export type PictureName =
  | 'baseline.jpg'
  | 'exif.jpg'
  | 'lossless.webp'
  | 'lossy.webp'
  | 'palette.png'
  | 'plain.gif'
  | 'progressive.jpg'
  | 'transparent.webp'
  | 'truecolour.png'

export function picture(name: PictureName): Buffer {
  return readFileSync(join(import.meta.dirname, 'pictures', name))
}

/** A PNG that says it is of this size; filled up to so many bytes, if it is to have some. */
export function png(width: number, height: number, bytes = 0): Buffer {
  const file = picture('palette.png')
  file.writeUInt32BE(width, 16)
  file.writeUInt32BE(height, 20)
  return Buffer.concat([file, Buffer.alloc(Math.max(0, bytes - file.length))])
}
