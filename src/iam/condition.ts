import { findOperator, type ValueTest } from './condition-operators.ts'
import type { ConditionContext, ContextValue } from './context.ts'
import { PolicyInvalid } from './policy-invalid.ts'
import { objectAt, policyListMax } from './policy-json.ts'

/** Whether a request is of the kind that a statement's Condition asks for. */
export type Condition = (context: ConditionContext) => boolean

/** Pairs of an operator and a key in one Condition. */
const conditionsMax = 100

type Quantifier = 'ForAllValues' | 'ForAnyValue' | undefined

/**
 * The Condition element: every operator and key must hold, each for any of its values.
 * Throws `PolicyInvalid` for an unknown operator and for a value that its operator cannot compare with.
 */
export function compileCondition(element: unknown, hasVariables: boolean, path: string): Condition {
  const conditions: Condition[] = []
  for (const [operator, keys] of Object.entries(objectAt(element, path))) {
    for (const [key, values] of Object.entries(objectAt(keys, `${path}.${operator}`))) {
      const at = `${path}.${operator}.${key}`
      conditions.push(compileOne(operator, key.toLowerCase(), operandsAt(values, at), { hasVariables, path: at }))
    }
  }
  if (conditions.length > conditionsMax) throw new PolicyInvalid(`more than ${conditionsMax} conditions`, path)
  return (context) => conditions.every((holds) => holds(context))
}

const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/i

function compileOne(
  name: string,
  key: string,
  operands: readonly string[],
  syntax: { readonly hasVariables: boolean; readonly path: string },
): Condition {
  if (name.toLowerCase() === 'null') return compileNull(key, operands, syntax.path)
  const [, quantifierText, base = '', ifExists] = OPERATOR.exec(name) ?? []
  const operator = findOperator(base)
  if (!operator) throw new PolicyInvalid(`unknown operator ${JSON.stringify(name)}`, syntax.path)

  const { isNegated } = operator
  const test = operator.compile(operands, syntax)
  const quantifier = quantifierOf(quantifierText)
  const whenMissing = ifExists !== undefined || (quantifier ? quantifier === 'ForAllValues' : isNegated)
  return (context) => {
    const values = valuesOf(context.get(key))
    return values.length === 0 ? whenMissing : compare(values, { quantifier, isNegated, test }, context)
  }
}

function compare(
  values: readonly string[],
  { quantifier, isNegated, test }: { quantifier: Quantifier; isNegated: boolean; test: ValueTest },
  context: ConditionContext,
): boolean {
  switch (quantifier) {
    case 'ForAllValues':
      return isEmptySet(values) || values.every((each) => test(each, context) !== isNegated)
    case 'ForAnyValue':
      return !isEmptySet(values) && values.some((each) => test(each, context) !== isNegated)
    case undefined:
      // AWS says no more than that a key of many values needs a quantifier. Without one, an operator holds if any value
      // matches, and a negated one if none does, so that each remains the other's opposite.
      return values.some((each) => test(each, context)) !== isNegated
  }
}

/** True: the key is absent. False: it is there. */
function compileNull(key: string, operands: readonly string[], path: string): Condition {
  const accepted = operands.map((operand) => {
    const expected = operand.toLowerCase()
    if (expected === 'true' || expected === 'false') return expected === 'true'
    throw new PolicyInvalid('neither true nor false', path)
  })
  return (context) => accepted.includes(valuesOf(context.get(key)).length === 0)
}

/** None for a key that the request does not have. */
function valuesOf(value: ContextValue | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

/** To a quantifier, a key whose only value is the empty string has no values ("a null dataset", IAM User Guide). */
function isEmptySet(values: readonly string[]): boolean {
  return values.length === 1 && values[0] === ''
}

function quantifierOf(text: string | undefined): Quantifier {
  if (text === undefined) return undefined
  return text.toLowerCase() === 'forallvalues' ? 'ForAllValues' : 'ForAnyValue'
}

/** Values may be written as numbers and booleans, and a list of them may be empty: then nothing matches. */
function operandsAt(value: unknown, path: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (values.length > policyListMax) throw new PolicyInvalid(`a list of more than ${policyListMax}`, path)
  return values.map((each) => {
    if (typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean') return String(each)
    throw new PolicyInvalid('neither a string nor a number nor a boolean', path)
  })
}
