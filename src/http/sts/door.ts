import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Authenticator } from '../../auth/authenticator.ts'
import { refuse } from '../../errors.ts'
import type { UserPrincipal } from '../../iam/principal.ts'
import type { Clock } from '../../lib/clock.ts'
import { invariant } from '../../lib/invariant.ts'
import { asRefusal } from '../malformed.ts'
import { readBody } from '../request-body.ts'
import { signedRequestOf } from '../signed-request.ts'
import { retryAfterSeconds } from '../unavailable.ts'
import { describeStsError } from './errors.ts'
import { awsProtocolConstraint, escapeXml, queryProtocol } from './query-protocol.ts'

/** What requests are signed for. */
const service = 'sts'
const version = '2011-06-15'
const xmlns = `https://sts.amazonaws.com/doc/${version}/`

const formBytesMax = 64 * 1024

export interface StsDoorParts {
  readonly authenticator: Authenticator
  readonly clock: Clock
}

/**
 * GetCallerIdentity, the one operation of STS that has a meaning here: the AWS CLI, Terraform and many scripts ask it who
 * they are before they do anything else. AWS's query protocol on `POST /`, beside the API. It needs no permission, and no
 * policy can deny it.
 */
export function addStsDoor(app: FastifyInstance, parts: StsDoorParts): void {
  app.addConstraintStrategy(awsProtocolConstraint)
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.setErrorHandler((error, request, reply) => sendError(asRefusal(error), request, reply))
    scope.post('/', { constraints: queryProtocol }, async (request, reply) => {
      const caller = await findCaller(request, parts)
      return sendXml(reply, request, 200, callerIdentity(caller, request.id))
    })
  })
}

async function findCaller(request: FastifyRequest, { authenticator, clock }: StsDoorParts): Promise<UserPrincipal> {
  const readForm = () =>
    readBody(request.raw, {
      bytesMax: formBytesMax,
      tooLarge: () => refuse('BodyTooLarge', { bytesMax: formBytesMax }),
    })
  const { identity, body } = await authenticator.bySignature(signedRequestOf(request), readForm, {
    service,
    now: clock(),
  })
  const { principal } = identity
  invariant(principal.kind === 'user', 'a signature names a user')
  request.principal = principal
  request.operation = operationIn(new URLSearchParams(Buffer.from(body).toString('utf8')))
  return principal
}

/** Refuses `OperationUnknown`. */
function operationIn(form: URLSearchParams): string {
  const action = form.get('Action') ?? ''
  if (action === 'GetCallerIdentity' && form.get('Version') === version) return action
  const spelled = `${action} for version ${form.get('Version') ?? 'NO_VERSION_SPECIFIED'}`
  throw refuse('OperationUnknown', { operation: spelled.slice(0, 200) })
}

/** As at AWS, the user id of a root user is its account's. */
function callerIdentity({ arn, userId, accountId, isRoot }: UserPrincipal, requestId: string): string {
  return `<GetCallerIdentityResponse xmlns="${xmlns}">
  <GetCallerIdentityResult>
    <Arn>${escapeXml(arn)}</Arn>
    <UserId>${escapeXml(isRoot ? accountId : userId)}</UserId>
    <Account>${accountId}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>${requestId}</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`
}

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message } = describeStsError(thrown)
  request.noteFailure(thrown, status)
  if (status === 503) reply.header('retry-after', String(retryAfterSeconds))
  const body = `<ErrorResponse xmlns="${xmlns}">
  <Error>
    <Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>
    <Code>${code}</Code>
    <Message>${escapeXml(message)}</Message>
  </Error>
  <RequestId>${request.id}</RequestId>
</ErrorResponse>
`
  return sendXml(reply, request, status, body)
}

function sendXml(reply: FastifyReply, request: FastifyRequest, status: number, body: string): FastifyReply {
  return reply.code(status).headers({ 'x-amzn-requestid': request.id, 'content-type': 'text/xml' }).send(body)
}
