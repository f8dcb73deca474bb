import { refuse } from '../../errors.ts'
import { parseArn } from '../../iam/arn.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { NamedRepository } from './operation.ts'

/** The repository that an ARN names: nothing else has tags. Refuses `ResourceArnInvalid`. */
export function repositoryNamedBy(resourceArn: string): NamedRepository {
  const arn = parseArn(resourceArn)
  if (arn?.kind !== 'repository') throw refuse('ResourceArnInvalid', { arn: resourceArn })
  try {
    return { registryId: arn.accountId, repositoryName: parseRepositoryName(arn.name) }
  } catch (cause) {
    throw refuse('ResourceArnInvalid', { arn: resourceArn }, { cause })
  }
}
