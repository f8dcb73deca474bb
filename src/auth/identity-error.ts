/** Everything that managing accounts, users, keys and policies can refuse, with the facts that its sentence needs. */
export interface IdentityRefusals {
  AccountAmbiguous: Record<never, never>
  AccountIdInvalid: { readonly accountId: string }
  AccountTaken: { readonly accountId: string }
  AccountUnknown: { readonly account: string }
  ActionUnknown: { readonly action: string }
  AliasInvalid: { readonly alias: string; readonly reason: string }
  AliasIsPrimary: { readonly alias: string }
  AliasReserved: { readonly alias: string }
  AliasTaken: { readonly alias: string; readonly accountId: string }
  AliasUnknown: { readonly alias: string }
  DisplayNameTooLong: { readonly lengthMax: number }
  KeyUnknown: { readonly accessKeyId: string }
  ManagedPolicyUnknown: { readonly policy: string; readonly known: readonly string[] }
  PoliciesExceeded: { readonly userName: string; readonly policiesMax: number }
  PolicyInvalid: { readonly path: string; readonly reason: string }
  PolicyNameInvalid: { readonly policy: string }
  PolicyUnknown: { readonly policy: string; readonly userName: string }
  PrincipalUnknown: { readonly principal: string }
  RepositoryPolicyUnknown: { readonly repository: string }
  RepositoryUnknown: { readonly repository: string }
  ResourceUnknown: { readonly resource: string }
  UserIsRoot: { readonly userName: string; readonly reason: string }
  UserNameInvalid: { readonly userName: string }
  UserTaken: { readonly userName: string; readonly accountId: string }
  UserUnknown: { readonly userName: string; readonly accountId: string }
}

export type IdentityErrorCode = keyof IdentityRefusals

/** Each says what is wrong and what would do. */
const sentences: { readonly [Code in IdentityErrorCode]: (facts: IdentityRefusals[Code]) => string } = {
  AccountAmbiguous: () => 'there is more than one account: say which is meant, by its id or by one of its aliases',
  AccountIdInvalid: (f) => `"${f.accountId}" is no account id: give 12 digits, or nothing to have one made`,
  AccountTaken: (f) => `there is an account ${f.accountId} already: give another id, or nothing to have one made`,
  AccountUnknown: (f) => `there is no account "${f.account}": name one by its id or by one of its aliases`,
  ActionUnknown: (f) => `"${f.action}" is no action: it is one like ecr-public:PutImage`,
  AliasInvalid: (f) => `"${f.alias}" is no alias: ${f.reason}`,
  AliasIsPrimary: (f) =>
    `"${f.alias}" is the primary alias of an account that has others: make one of those primary first`,
  AliasReserved: (f) => `"${f.alias}" is a path of Waybill's own: choose another alias`,
  AliasTaken: (f) =>
    `the alias "${f.alias}" is that of account ${f.accountId}: choose another, or remove it there first`,
  AliasUnknown: (f) => `no account has the alias "${f.alias}"`,
  DisplayNameTooLong: (f) => `the display name is longer than ${f.lengthMax} characters`,
  KeyUnknown: (f) => `there is no access key "${f.accessKeyId}"`,
  ManagedPolicyUnknown: (f) => `there is no managed policy "${f.policy}": there are ${f.known.join(', ')}`,
  PoliciesExceeded: (f) =>
    `${f.userName} has ${f.policiesMax} policies, which is as many as a user may have: remove one, or put two in one`,
  PolicyInvalid: (f) => `the policy cannot be used: ${f.path === '' ? '' : `${f.path}: `}${f.reason}`,
  PolicyNameInvalid: (f) => `"${f.policy}" is no name for a policy: it is 1 to 128 letters, digits or _+=,.@-`,
  PolicyUnknown: (f) => `${f.userName} has no policy "${f.policy}"`,
  PrincipalUnknown: (f) =>
    `"${f.principal}" is nobody who could be asked about: give a user's name, the ARN of a user or root, or "anonymous"`,
  RepositoryPolicyUnknown: (f) => `${f.repository} has no policy`,
  RepositoryUnknown: (f) => `there is no repository "${f.repository}": name one as <alias>/<repository>`,
  ResourceUnknown: (f) =>
    `"${f.resource}" is nothing that could be asked about: give <alias>/<repository>, the ARN of a repository or registry, or *`,
  UserIsRoot: (f) => `${f.userName} is the root user of its account: ${f.reason}`,
  UserNameInvalid: (f) => `"${f.userName}" is no name for a user: it is 1 to 64 letters, digits or _+=,.@-`,
  UserTaken: (f) => `account ${f.accountId} has a user ${f.userName} already: choose another name`,
  UserUnknown: (f) => `account ${f.accountId} has no user "${f.userName}"`,
}

/** Something about identities that cannot be done as asked. The message is for the person who asked. */
export class IdentityError<Code extends IdentityErrorCode = IdentityErrorCode> extends Error {
  override readonly name = 'IdentityError'
  readonly code: Code
  readonly facts: IdentityRefusals[Code]

  constructor(code: Code, facts: IdentityRefusals[Code], options?: ErrorOptions) {
    super((sentences[code] as (facts: IdentityRefusals[Code]) => string)(facts), options)
    this.code = code
    this.facts = facts
  }
}
