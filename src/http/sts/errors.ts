import { type Refusal, type RefusalCode, type Refusals, RegistryError } from '../../errors.ts'
import { isUnavailable } from '../unavailable.ts'

/** A refusal in the words of STS, whose codes and statuses are those of AWS's query protocol ("Common errors"). */
export interface StsError {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** All that can be refused to one who only asks who they are. */
type StsRefusalCode = Extract<
  RefusalCode,
  | 'AccessKeyUnknown'
  | 'BodyTooLarge'
  | 'ClientGone'
  | 'OperationUnknown'
  | 'SignatureIncomplete'
  | 'SignatureInvalid'
  | 'SignatureMissing'
>

const rows: { readonly [Code in StsRefusalCode]: (facts: Refusals[Code]) => StsError } = {
  AccessKeyUnknown: () => error(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'),
  BodyTooLarge: (f) => error(413, 'RequestEntityTooLarge', `The request is larger than ${f.bytesMax} bytes`),
  ClientGone: (f) => error(400, 'RequestAborted', f.reason),
  OperationUnknown: (f) => error(400, 'InvalidAction', `Could not find operation ${f.operation}`),
  SignatureIncomplete: (f) => error(400, 'IncompleteSignature', f.reason),
  SignatureInvalid: (f) => error(403, 'SignatureDoesNotMatch', f.reason),
  SignatureMissing: () => error(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'),
}

/** What to tell a client of whatever was thrown. What is no refusal shows nothing of itself. */
export function describeStsError(thrown: unknown): StsError {
  if (thrown instanceof RegistryError && thrown.code in rows) {
    const { code, facts } = thrown as Extract<Refusal, { code: StsRefusalCode }>
    return (rows[code] as (facts: unknown) => StsError)(facts)
  }
  return isUnavailable(thrown)
    ? error(503, 'ServiceUnavailable', 'The registry cannot do this now. Try again soon.')
    : error(500, 'InternalFailure', 'The request processing has failed because of an unknown error.')
}

function error(status: number, code: string, message: string): StsError {
  return { status, code, message }
}
