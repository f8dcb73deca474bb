import { refuse } from '../errors.ts'

/**
 * What was thrown, as a refusal of ours where it is one of Fastify's: it turns some requests down before a handler sees
 * them, for a Content-Type that is none or a path that cannot be decoded. Those are the client's mistakes, no bugs.
 */
export function asRefusal(thrown: unknown): unknown {
  if (!(thrown instanceof Error && 'code' in thrown && 'statusCode' in thrown)) return thrown
  const isOfFastify = String(thrown.code).startsWith('FST_ERR_') && Number(thrown.statusCode) < 500
  return isOfFastify ? refuse('RequestMalformed', { reason: thrown.message }, { cause: thrown }) : thrown
}
