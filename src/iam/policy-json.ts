import { JsonInvalid, parseStrictJson } from '../lib/strict-json.ts'
import { PolicyInvalid } from './policy-invalid.ts'

/** A deep policy is 6 levels: document, statements, statement, Condition, operator, values. */
const policyDepthMax = 8

/** The longest list of a policy: actions, resources, principals, values of a condition key. */
export const policyListMax = 1_000

export type JsonObject = Readonly<Record<string, unknown>>

/** Throws `PolicyInvalid` for text that is not JSON, that repeats a key, or whose outermost value is no object. */
export function parsePolicyJson(text: string): JsonObject {
  try {
    return objectAt(parseStrictJson(Buffer.from(text), { depthMax: policyDepthMax }), '')
  } catch (cause) {
    if (cause instanceof JsonInvalid) throw new PolicyInvalid(cause.message, '', { cause })
    throw cause
  }
}

export function objectAt(value: unknown, path: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new PolicyInvalid('not an object', path)
}

export function stringAt(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw new PolicyInvalid('not a string', path)
}

/** A member may be one thing or a list of things; the list must not be empty. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) return [value]
  if (value.length === 0) throw new PolicyInvalid('an empty list', path)
  if (value.length > policyListMax) throw new PolicyInvalid(`a list of more than ${policyListMax}`, path)
  return value
}

export function stringsAt(value: unknown, path: string): readonly string[] {
  return listAt(value, path).map((item, index) => stringAt(item, Array.isArray(value) ? `${path}[${index}]` : path))
}

/** Refuses members that the grammar does not know: a misspelt `NotAction` must not go for an absent one. */
export function onlyMembers(object: JsonObject, known: ReadonlySet<string>, path: string): void {
  for (const name of Object.keys(object)) {
    if (!known.has(name)) throw new PolicyInvalid(`unknown element ${JSON.stringify(name)}`, path)
  }
}

/** The one of two elements, such as Action and NotAction, that an object has, if any. Refuses both. */
export function eitherMember<Name extends string>(
  object: JsonObject,
  names: readonly [positive: Name, negative: Name],
  path: string,
): { readonly value: unknown; readonly isNegated: boolean; readonly path: string } | undefined {
  const [positive, negative] = names
  if (Object.hasOwn(object, positive) && Object.hasOwn(object, negative)) {
    throw new PolicyInvalid(`both ${positive} and ${negative}`, path)
  }
  if (Object.hasOwn(object, positive)) return { value: object[positive], isNegated: false, path: `${path}.${positive}` }
  if (Object.hasOwn(object, negative)) return { value: object[negative], isNegated: true, path: `${path}.${negative}` }
  return undefined
}
