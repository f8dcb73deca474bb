import { type Action, actionNames, actionsMatching } from './actions.ts'
import { type ArnTest, arnSegmentCount, compileResourcePattern, splitArnTemplate } from './arn-pattern.ts'
import { type Condition, compileCondition } from './condition.ts'
import type { ConditionContext } from './context.ts'
import { PolicyInvalid } from './policy-invalid.ts'
import { eitherMember, type JsonObject, objectAt, onlyMembers, stringAt, stringsAt } from './policy-json.ts'
import type { Principal } from './principal.ts'
import { compileNotPrincipal, compilePrincipal, type PrincipalMatch, type PrincipalTest } from './principal-element.ts'
import { parseTemplate } from './template.ts'
import { anyRun } from './wildcard.ts'

/** Whose policy: a user's, or a repository's. */
export type PolicyKind = 'identity' | 'repository'

export interface Statement {
  /** Its place in the policy, from 0. */
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** Those of our actions that it is about. */
  readonly actions: ReadonlySet<Action>
  /** In the policy of a user, that user; whoever else is asked about. */
  readonly matchPrincipal: (principal: Principal) => PrincipalMatch
  /** `resource` is an ARN as `splitArn` splits it. In the policy of a repository, that repository. */
  readonly matchesResource: (resource: readonly string[], context: ConditionContext) => boolean
  readonly holdsFor: Condition
}

interface Place {
  readonly kind: PolicyKind
  readonly index: number
  readonly hasVariables: boolean
}

const identityElements = new Set([...['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']])
const repositoryElements = new Set([
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition'],
])

/** Throws `PolicyInvalid`. */
export function parseStatement(element: unknown, { kind, index, hasVariables }: Place): Statement {
  const path = `Statement[${index}]`
  const statement = objectAt(element, path)
  onlyMembers(statement, kind === 'identity' ? identityElements : repositoryElements, path)
  const effect = effectOf(statement, path)
  return {
    index,
    sid: sidOf(statement, kind, path),
    effect,
    actions: actionsOf(statement, path),
    matchPrincipal: kind === 'identity' ? () => 'self' : principalsOf(statement, effect, path),
    matchesResource: kind === 'identity' ? resourcesOf(statement, hasVariables, path) : () => true,
    holdsFor: conditionOf(statement, hasVariables, path),
  }
}

function effectOf(statement: JsonObject, path: string): 'Allow' | 'Deny' {
  const effect = statement.Effect
  if (effect === 'Allow' || effect === 'Deny') return effect
  throw new PolicyInvalid('neither Allow nor Deny', `${path}.Effect`)
}

/** IAM admits letters and digits; ECR, in a repository's policy, anything. */
function sidOf(statement: JsonObject, kind: PolicyKind, path: string): string | undefined {
  if (statement.Sid === undefined) return undefined
  const sid = stringAt(statement.Sid, `${path}.Sid`)
  if (kind === 'identity' && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw new PolicyInvalid('not only letters and digits', `${path}.Sid`)
  }
  return sid
}

/** A service and a name; only the name may have wildcards. */
const ACTION = /^(?:\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+)$/

function actionsOf(statement: JsonObject, path: string): ReadonlySet<Action> {
  const element = eitherMember(statement, ['Action', 'NotAction'], path)
  if (!element) throw new PolicyInvalid('neither Action nor NotAction', path)
  const named = new Set<Action>()
  for (const pattern of new Set(stringsAt(element.value, element.path))) {
    if (!ACTION.test(pattern)) throw new PolicyInvalid(`not an action: ${JSON.stringify(pattern)}`, element.path)
    for (const action of actionsMatching(pattern)) named.add(action)
  }
  return element.isNegated ? new Set(actionNames.filter((action) => !named.has(action))) : named
}

function principalsOf(statement: JsonObject, effect: 'Allow' | 'Deny', path: string): PrincipalTest {
  const element = eitherMember(statement, ['Principal', 'NotPrincipal'], path)
  if (!element) throw new PolicyInvalid('neither Principal nor NotPrincipal', path)
  if (!element.isNegated) return compilePrincipal(element.value, element.path)
  // It would allow the whole world but a few, and AWS has come to refuse it too.
  if (effect === 'Allow') throw new PolicyInvalid('NotPrincipal is for Deny only', element.path)
  return compileNotPrincipal(element.value, element.path)
}

function resourcesOf(statement: JsonObject, hasVariables: boolean, path: string): ArnTest {
  const element = eitherMember(statement, ['Resource', 'NotResource'], path)
  if (!element) throw new PolicyInvalid('neither Resource nor NotResource', path)
  const texts = stringsAt(element.value, element.path)
  const tests = texts.map((text) => resourceOf(text, hasVariables, element.path))
  if (texts.includes('*')) return () => !element.isNegated
  return (resource, context) => tests.some((test) => test(resource, context)) !== element.isNegated
}

/** `*`, or an ARN with a plain name for the service, and whole but for what a `*` at the end of a segment stands for. */
function resourceOf(text: string, hasVariables: boolean, path: string): ArnTest {
  if (text === '*') return () => true
  const template = parseTemplate(text, { hasVariables, hasWildcards: true }, path)
  const segments = splitArnTemplate(template)
  const isWhole = segments.length === arnSegmentCount || segments.some((segment) => segment.at(-1) === anyRun)
  const hasPlainService = segments[2]?.every((unit) => typeof unit === 'number' && unit >= 0) ?? true
  if (!text.startsWith('arn:') || !isWhole || !hasPlainService) {
    throw new PolicyInvalid(`neither an ARN nor "*": ${JSON.stringify(text)}`, path)
  }
  return compileResourcePattern(template)
}

function conditionOf(statement: JsonObject, hasVariables: boolean, path: string): Condition {
  if (statement.Condition === undefined) return () => true
  return compileCondition(statement.Condition, hasVariables, `${path}.Condition`)
}
