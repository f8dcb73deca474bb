import { rootArn, userArn } from './arn.ts'

/** Who asks: nobody in particular, or a user of an account. */
export type Principal = AnonymousPrincipal | UserPrincipal

export interface AnonymousPrincipal {
  readonly kind: 'anonymous'
}

export interface UserPrincipal {
  readonly kind: 'user'
  readonly accountId: string
  readonly userId: string
  readonly userName: string
  /** The root user of an account is the account itself, and may do everything within it. */
  readonly isRoot: boolean
  readonly arn: string
}

export const anonymous: AnonymousPrincipal = { kind: 'anonymous' }

/** A user with the ARN that belongs to it. */
export function userPrincipal(user: Omit<UserPrincipal, 'kind' | 'arn'>): UserPrincipal {
  return {
    kind: 'user',
    ...user,
    arn: user.isRoot ? rootArn(user.accountId) : userArn(user.accountId, user.userName),
  }
}

/** The principal as refusals and logs name it: its ARN, or `anonymous`. */
export function nameOfPrincipal(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'anonymous' : principal.arn
}
