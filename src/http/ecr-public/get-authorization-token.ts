import { z } from 'zod'

import { tokenUserName } from '../../auth/authenticator.ts'
import { operation } from './operation.ts'

/** How long a `docker login` lasts: twelve hours, as the API's documentation has it. */
const tokenMs = 12 * 60 * 60 * 1000

/**
 * A user name and password for `docker login`, in base64 as one. The password must hold no colon: the AWS CLI splits
 * the decoded text at colons into exactly two.
 */
export const getAuthorizationToken = operation(z.object({}), async ({ tokens, call, accessKeyId }) => {
  const expiresAt = call.now + tokenMs
  const password = await tokens.issue({ accessKeyId, access: undefined, expiresAt })
  return {
    authorizationData: {
      authorizationToken: Buffer.from(`${tokenUserName}:${password}`).toString('base64'),
      expiresAt: expiresAt / 1000,
    },
  }
})
