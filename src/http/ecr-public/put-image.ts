import { z } from 'zod'

import { refuse } from '../../errors.ts'
import { parseDigest } from '../../oci/digest.ts'
import { parseTag } from '../../oci/reference.ts'
import { factsOf } from '../../registry/address.ts'
import { operation, repositoryOf } from './operation.ts'
import { imageDigest, imageManifest, imageTag, registryIdOrAlias, repositoryName, text } from './shapes.ts'

const input = z.object({
  registryId: registryIdOrAlias.optional(),
  repositoryName,
  imageManifest,
  imageManifestMediaType: text().optional(),
  imageTag: imageTag.optional(),
  imageDigest: imageDigest.optional(),
})

/** A manifest of 4 MiB, every character escaped as `\u0000`, and its envelope. */
const bodyBytesMax = 26 * 1024 * 1024

/**
 * Create or update an image's manifest and its tag: the last call of a push. The digest is of the UTF-8 bytes of the
 * very string given, and the same string comes back.
 */
export const putImage = operation(
  input,
  async (exchange, request) => {
    const address = repositoryOf(exchange, request)
    // An escape like \ud800 alone stands for no character: no bytes could have that string as their UTF-8.
    if (!request.imageManifest.isWellFormed()) {
      throw refuse('ManifestInvalid', { reason: 'the manifest is no Unicode text', isSyntax: true })
    }
    const tag = request.imageTag === undefined ? undefined : parseTag(request.imageTag)
    const put = await exchange.registry.manifests.put(exchange.call, address, {
      bytes: Buffer.from(request.imageManifest, 'utf8'),
      mediaType: request.imageManifestMediaType,
      digest: request.imageDigest === undefined ? undefined : parseDigest(request.imageDigest),
      tags: tag === undefined ? [] : [tag],
    })
    if (put.outcome === 'unchanged') throw refuse('ImageExists', { ...factsOf(address), digest: put.digest, tag })
    return {
      image: {
        registryId: put.repository.accountId,
        repositoryName: put.repository.name,
        imageId: { imageDigest: put.digest, ...(tag !== undefined && { imageTag: tag }) },
        imageManifest: request.imageManifest,
        imageManifestMediaType: put.mediaType,
      },
    }
  },
  { bodyBytesMax },
)
