import type { Digest } from '../../oci/digest.ts'
import type { ImageName } from '../../oci/repository-name.ts'
import { type OciAnswer, pathOf } from './exchange.ts'

/** The state of an upload. Its identity is wholly in the path: there are clients that drop a Location's query. */
export function uploadAnswer(status: 202 | 204, image: ImageName, upload: { id: string; offset: number }): OciAnswer {
  return {
    status,
    headers: {
      location: `${pathOf(image)}/blobs/uploads/${upload.id}`,
      range: `0-${Math.max(0, upload.offset - 1)}`,
      'docker-upload-uuid': upload.id,
      // RFC 9110 §8.6: not with a 204.
      ...(status === 202 && { 'content-length': '0' }),
    },
  }
}

export function blobCreated(image: ImageName, digest: Digest): OciAnswer {
  return {
    status: 201,
    headers: {
      location: `${pathOf(image)}/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    },
  }
}
