import { open } from 'node:fs/promises'

export interface LayerPart {
  readonly firstByte: number
  /** Inclusive, as UploadLayerPart counts. */
  readonly lastByte: number
  readonly bytes: Buffer
}

/** A layer's file cut into parts for UploadLayerPart, `partBytes` each but for the last. */
export async function* partsOf(path: string, partBytes: number): AsyncGenerator<LayerPart> {
  const file = await open(path)
  try {
    for (let firstByte = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(partBytes), 0, partBytes, firstByte)
      if (bytesRead === 0) return
      yield { firstByte, lastByte: firstByte + bytesRead - 1, bytes: buffer.subarray(0, bytesRead) }
      firstByte += bytesRead
    }
  } finally {
    await file.close()
  }
}
