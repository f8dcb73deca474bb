import type { FastifyRequest } from 'fastify'

import type { Identity } from '../auth/authenticator.ts'
import type { Call, ScopeAction, TokenScope } from '../registry/call.ts'

/** A request, once it is known who sent it, as the registry sees it. */
export function callFrom(request: FastifyRequest, door: Call['door'], identity: Identity, now: number): Call {
  request.principal = identity.principal
  return {
    principal: identity.principal,
    identityPolicies: identity.policies,
    hasCredential: identity.hasCredential,
    scopes: identity.access?.map(({ name, actions }): TokenScope => ({ name, actions: scopeActions(actions) })),
    origin: {
      sourceIp: request.ip,
      isSecure: request.protocol === 'https',
      userAgent: request.headers['user-agent'],
      referer: request.headers.referer,
    },
    door,
    requestId: request.id,
    now,
  }
}

const everyScopeAction: readonly ScopeAction[] = ['pull', 'push', 'delete']

/** The actions of a scope that mean something here; `*` is all of them. */
export function scopeActions(actions: readonly string[]): ScopeAction[] {
  return everyScopeAction.filter((action) => actions.includes('*') || actions.includes(action))
}
