import { refuse } from '../../errors.ts'
import type { OciHandler } from './exchange.ts'

/**
 * `GET /v2/`: is this a registry, and is this credential good? Without one the answer is the challenge that tells
 * clients where tokens come from, so it is asked for here even though images can be pulled without.
 */
export const ping: OciHandler = async ({ call }) => {
  if (!call.hasCredential) throw refuse('Unauthenticated', { reason: 'no credential was given' })
  return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}\n' }
}
