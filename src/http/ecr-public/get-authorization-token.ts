import { z } from 'zod'

import { tokenUserName } from '../../auth/authenticator.ts'
import { tokenMsMax } from '../../auth/signing-keys.ts'
import { operation } from './operation.ts'

/** Both are needed, and neither has a resource (ECR Public user guide, "Registry authentication"). */
const actions = ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'] as const

/**
 * A user name and password for `docker login`, in base64 as one. The password must hold no colon: the AWS CLI splits
 * the decoded text at colons into exactly two.
 */
export const getAuthorizationToken = operation(z.object({}), async (exchange) => {
  const { registry, tokens, call, accountId, accessKeyId } = exchange
  for (const action of actions) registry.access.requireOn(call, action, { accountId, resource: '*' })
  const expiresAt = call.now + tokenMsMax
  const password = await tokens.issue({ accessKeyId, access: undefined, expiresAt })
  return {
    authorizationData: {
      authorizationToken: Buffer.from(`${tokenUserName}:${password}`).toString('base64'),
      expiresAt: expiresAt / 1000,
    },
  }
})
