import { z } from 'zod'

import { repositoryPolicyLengthMax } from '../../iam/policy.ts'
import { partBytesMax } from '../../registry/limits.ts'
import { logoBytesMax } from '../../registry/logo.ts'

/**
 * The shapes of the service model (botocore's `ecr-public/2020-10-30`) with their constraints, in ECR's own words. A
 * value of the wrong JSON type is told apart by `wrongType`, because AWS answers that with another error.
 */
export const wrongType = 'wrong type'

interface TextRules {
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
}

export function text({ min, max, pattern }: TextRules = {}) {
  let shape = z.string({ error: wrongType })
  if (min !== undefined) shape = shape.min(min, `Member must have length greater than or equal to ${min}`)
  if (max !== undefined) shape = shape.max(max, `Member must have length less than or equal to ${max}`)
  if (pattern !== undefined) {
    shape = shape.regex(new RegExp(`^(?:${pattern})$`), `Member must satisfy regular expression pattern: ${pattern}`)
  }
  return shape
}

export function list<Item extends z.ZodType>(item: Item, { min, max }: { min: number; max: number }) {
  return z
    .array(item, { error: wrongType })
    .min(min, `Member must have length greater than or equal to ${min}`)
    .max(max, `Member must have length less than or equal to ${max}`)
}

function integer({ min, max }: { min: number; max?: number }) {
  const shape = z.int({ error: wrongType }).min(min, `Member must have value greater than or equal to ${min}`)
  return max === undefined ? shape : shape.max(max, `Member must have value less than or equal to ${max}`)
}

/** Bytes, which JSON carries in base64. `max` is in bytes. */
function blob(max: number) {
  return z.string({ error: wrongType }).transform((encoded, context) => {
    const bytes = Buffer.from(encoded, 'base64')
    const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0
    // Node skips what is no base64, and then there are fewer bytes than the text has room for; it also reads base64url.
    const isShort = encoded.length % 4 !== 0 || bytes.length !== (encoded.length / 4) * 3 - padding
    if (isShort || encoded.includes('-') || encoded.includes('_')) {
      context.addIssue({ code: 'custom', message: wrongType })
      return z.NEVER
    }
    if (bytes.length > max) {
      context.addIssue({ code: 'custom', message: `Member must have length less than or equal to ${max}` })
      return z.NEVER
    }
    return bytes
  })
}

const namePart = '[a-z0-9]+(?:[._-][a-z0-9]+)*'
export const digestPattern = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'
export const tagPattern = '[a-zA-Z0-9-_.]+'
const uuidPattern = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'

export const repositoryName = text({ min: 2, max: 205, pattern: `(?:${namePart}/)*${namePart}` })
export const registryId = text({ pattern: '[0-9]{12}' })
export const registryIdOrAlias = text({ min: 2, max: 50 })
export const uploadId = text({ pattern: uuidPattern })
export const layerDigests = list(text({ pattern: digestPattern }), { min: 1, max: 100 })
/** Not held to the pattern: a digest that breaks it becomes a failure of its own in the answer. */
export const batchedLayerDigests = list(text({ max: 1000 }), { min: 1, max: 100 })
export const partSize = integer({ min: 0 })
export const layerPartBlob = blob(partBytesMax)
export const imageManifest = text({ min: 1, max: 4_194_304 })
export const imageTag = text({ min: 1, max: 300, pattern: tagPattern })
export const imageDigest = text({ pattern: digestPattern })
export const imageIds = list(
  z.object({ imageDigest: imageDigest.optional(), imageTag: imageTag.optional() }, { error: wrongType }),
  {
    min: 1,
    max: 100,
  },
)
export const repositoryNames = list(repositoryName, { min: 1, max: 100 })
export const maxResults = integer({ min: 1, max: 1000 })
export const nextToken = text({ max: 4096 })
export const force = z.boolean({ error: wrongType })
/** Not held to the patterns: an id that breaks them becomes a failure of its own in the answer. */
export const batchedImageIds = list(
  z.object({ imageDigest: text().optional(), imageTag: text().optional() }, { error: wrongType }),
  { min: 1, max: 100 },
)
export const policyText = text({ max: repositoryPolicyLengthMax })
export const displayName = text({ max: 100 })
const platforms = list(text({ min: 1, max: 50 }), { min: 0, max: 50 })
export const repositoryCatalogData = z.object(
  {
    description: text({ max: 1024 }).optional(),
    architectures: platforms.optional(),
    operatingSystems: platforms.optional(),
    logoImageBlob: blob(logoBytesMax).optional(),
    aboutText: text({ max: 25_600 }).optional(),
    usageText: text({ max: 25_600 }).optional(),
  },
  { error: wrongType },
)
export const resourceArn = text({ min: 1, max: 2048 })
// Keys and values have an exception of their own, so it is not here that they are held to anything.
export const tagList = list(z.object({ Key: text().optional(), Value: text().optional() }, { error: wrongType }), {
  min: 0,
  max: 200,
})
export const tagKeyList = list(text(), { min: 0, max: 200 })
