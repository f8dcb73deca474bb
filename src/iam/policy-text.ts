import { parsePolicyJson } from './policy-json.ts'

/**
 * A policy's text as ECR gives it back: the same JSON, laid out as Jackson's default pretty printer does. Members keep
 * their order, strings and lists of one stay what they were. Throws `PolicyInvalid` for text that is not a JSON object.
 */
export function formatPolicyText(text: string): string {
  return format(parsePolicyJson(text), '')
}

/** Objects take a line for each member, two spaces deeper; arrays stay on theirs, with a space inside each bracket. */
function format(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => format(item, indent)).join(', ')} ]`
  }
  const inner = `${indent}  `
  const members = Object.entries(value).map(
    ([key, member]) => `${inner}${JSON.stringify(key)} : ${format(member, inner)}`,
  )
  return members.length === 0 ? '{ }' : `{\n${members.join(',\n')}\n${indent}}`
}
