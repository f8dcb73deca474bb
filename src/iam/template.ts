import type { ConditionContext } from './context.ts'
import { PolicyInvalid } from './policy-invalid.ts'
import { anyOne, anyRun, type Units, unitsOf } from './wildcard.ts'

/** `${aws:username}`, or with what to say in its absence, `${aws:username, 'nobody'}`. */
export interface Variable {
  /** In lower case, as contexts are asked. */
  readonly key: string
  readonly fallback: string | undefined
}

/** A string of a policy: the units of a pattern, among them variables to be filled in for each request. */
export type Template = readonly (number | Variable)[]

export interface TemplateSyntax {
  /** Policy variables came with Version 2012-10-17; in an older policy `${` is text. */
  readonly hasVariables: boolean
  /** Where `*` and `?` are text, they are so without being written `${*}` and `${?}`. */
  readonly hasWildcards: boolean
}

/** IAM User Guide, "IAM policy elements: Variables and tags". Throws `PolicyInvalid` for a variable out of shape. */
export function parseTemplate(text: string, syntax: TemplateSyntax, path: string): Template {
  const template: (number | Variable)[] = []
  for (let at = 0; at < text.length; at++) {
    if (syntax.hasVariables && text.startsWith('${', at)) {
      const placeholder = parsePlaceholder(text, at, path)
      template.push(placeholder.stands)
      at = placeholder.end
    } else if (syntax.hasWildcards && text[at] === '*') template.push(anyRun)
    else if (syntax.hasWildcards && text[at] === '?') template.push(anyOne)
    else template.push(text.charCodeAt(at))
  }
  return template
}

/** A key holds no comma, no brace and no quote; a default ends at the next quote. Sticky: read where a `${` stands. */
const PLACEHOLDER = /\$\{(?:([*?$])|([^,{}']+)(?:, *'([^']*)')?)\}/y

/** `end` is the offset of the closing brace. */
function parsePlaceholder(text: string, start: number, path: string): { stands: number | Variable; end: number } {
  PLACEHOLDER.lastIndex = start
  const [whole, special, key, fallback] = PLACEHOLDER.exec(text) ?? []
  if (whole === undefined) throw new PolicyInvalid('a policy variable out of shape', path)
  const end = start + whole.length - 1
  if (special !== undefined) return { stands: special.charCodeAt(0), end }
  return { stands: { key: (key ?? '').trim().toLowerCase(), fallback }, end }
}

/** True for a template that is the same for every request: a pattern already. */
export function isConstant(template: Template): template is Units {
  return template.every((part) => typeof part === 'number')
}

/**
 * The template with the request's values in the place of its variables, or `undefined` if one of them has no value: then
 * nothing is equal to it or like it. A value stands for itself, its asterisks included, or else whoever may name a
 * thing could write a pattern into a policy. A key of several values has none here (IAM User Guide, "Single-valued vs.
 * multivalued context keys").
 */
export function fill(template: Template, context: ConditionContext): Units | undefined {
  const units: number[] = []
  for (const part of template) {
    if (typeof part === 'number') {
      units.push(part)
      continue
    }
    const held = context.get(part.key)
    const value = typeof held === 'string' ? held : held?.length === 1 ? held[0] : part.fallback
    if (value === undefined) return undefined
    for (const unit of unitsOf(value)) units.push(unit)
  }
  return units
}
