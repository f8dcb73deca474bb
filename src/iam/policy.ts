import { PolicyInvalid } from './policy-invalid.ts'
import { type JsonObject, listAt, onlyMembers, parsePolicyJson, stringAt } from './policy-json.ts'
import { type PolicyKind, parseStatement, type Statement } from './statement.ts'

/** A policy ready to be asked: all that could be worked out without a request has been. */
export interface Policy {
  readonly kind: PolicyKind
  readonly allows: readonly Statement[]
  readonly denies: readonly Statement[]
}

/** ECR's limit for a repository's policy, in characters (UTF-16 units) of the text. */
export const repositoryPolicyLengthMax = 10_240

/** As for repositories. IAM itself stops at 6,144 for a managed policy, white space not counted. */
export const identityPolicyLengthMax = 10_240

export const policyStatementsMax = 200

/** A user's policy: its statements name resources, and no principal. Throws `PolicyInvalid`. */
export function parseIdentityPolicy(text: string): Policy {
  return parsePolicy(text, 'identity', identityPolicyLengthMax)
}

/** A repository's policy: its statements name principals, and no resource but the repository. Throws `PolicyInvalid`. */
export function parseRepositoryPolicy(text: string): Policy {
  return parsePolicy(text, 'repository', repositoryPolicyLengthMax)
}

const documentElements = new Set(['Version', 'Id', 'Statement'])

/** IAM User Guide, "Grammar of the IAM JSON policy language". */
function parsePolicy(text: string, kind: PolicyKind, lengthMax: number): Policy {
  if (text.length > lengthMax) throw new PolicyInvalid(`longer than ${lengthMax} characters`, '')
  const document = parsePolicyJson(text)
  onlyMembers(document, documentElements, '')
  if (document.Id !== undefined) stringAt(document.Id, 'Id')
  const hasVariables = versionOf(document) === '2012-10-17'

  if (document.Statement === undefined) throw new PolicyInvalid('no Statement', '')
  const elements = listAt(document.Statement, 'Statement')
  if (elements.length > policyStatementsMax) {
    throw new PolicyInvalid(`more than ${policyStatementsMax} statements`, 'Statement')
  }
  const statements = elements.map((element, index) => parseStatement(element, { kind, index, hasVariables }))
  if (kind === 'identity') requireUniqueSids(statements)
  return {
    kind,
    allows: statements.filter((statement) => statement.effect === 'Allow'),
    denies: statements.filter((statement) => statement.effect === 'Deny'),
  }
}

function versionOf(document: JsonObject): '2008-10-17' | '2012-10-17' {
  const version = document.Version
  if (version === undefined || version === '2008-10-17') return '2008-10-17'
  if (version === '2012-10-17') return version
  throw new PolicyInvalid('neither 2008-10-17 nor 2012-10-17', 'Version')
}

function requireUniqueSids(statements: readonly Statement[]): void {
  const seen = new Set<string>()
  for (const { sid, index } of statements) {
    if (sid === undefined || sid === '') continue
    if (seen.has(sid)) throw new PolicyInvalid(`a second statement ${JSON.stringify(sid)}`, `Statement[${index}].Sid`)
    seen.add(sid)
  }
}
