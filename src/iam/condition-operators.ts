import { compileArnLike, splitArn } from './arn-pattern.ts'
import { compileRanges, instantOf, numberOf } from './condition-values.ts'
import type { ConditionContext } from './context.ts'
import { PolicyInvalid } from './policy-invalid.ts'
import { fill, isConstant, parseTemplate } from './template.ts'
import { matchesWildcard, textOf } from './wildcard.ts'

/** Whether one value of a request matches any value that the policy lists. */
export type ValueTest = (value: string, context: ConditionContext) => boolean

export interface Operator {
  /** A negated operator holds where the test of its values does not. */
  readonly isNegated: boolean
  /** Throws `PolicyInvalid` for a value that the operator cannot compare with. */
  readonly compile: (operands: readonly string[], syntax: OperandSyntax) => ValueTest
}

export interface OperandSyntax {
  readonly hasVariables: boolean
  readonly path: string
}

type Compile = Operator['compile']

/** IAM User Guide, "IAM JSON policy elements: Condition operators", all but Null. The names may be in any case. */
export function findOperator(name: string): Operator | undefined {
  return operators.get(name.toLowerCase())
}

function stringEquals(fold: (text: string) => string): Compile {
  return anyOf((operand, { hasVariables, path }) => {
    const template = parseTemplate(operand, { hasVariables, hasWildcards: false }, path)
    if (isConstant(template)) {
      const literal = fold(textOf(template))
      return (value) => fold(value) === literal
    }
    return (value, context) => {
      const units = fill(template, context)
      return units !== undefined && fold(value) === fold(textOf(units))
    }
  })
}

const stringLike: Compile = anyOf((operand, { hasVariables, path }) => {
  const template = parseTemplate(operand, { hasVariables, hasWildcards: true }, path)
  if (isConstant(template)) return (value) => matchesWildcard(template, value)
  return (value, context) => {
    const units = fill(template, context)
    return units !== undefined && matchesWildcard(units, value)
  }
})

const arnLike: Compile = anyOf((operand, { hasVariables, path }) => {
  const test = compileArnLike(parseTemplate(operand, { hasVariables, hasWildcards: true }, path))
  return (value, context) => test(splitArn(value), context)
})

function numeric(holds: (value: number, operand: number) => boolean): Compile {
  return comparison(numberOf, 'a number', holds)
}

function date(holds: (value: number, operand: number) => boolean): Compile {
  return comparison(instantOf, 'a date of ISO 8601 or seconds since the epoch', holds)
}

function comparison(
  parse: (text: string) => number,
  kind: string,
  holds: (value: number, operand: number) => boolean,
): Compile {
  return anyOf((text, { path }) => {
    const operand = parse(text)
    if (Number.isNaN(operand)) throw new PolicyInvalid(`not ${kind}`, path)
    // What cannot be parsed is NaN, for which no comparison holds.
    return (value) => holds(parse(value), operand)
  })
}

const bool: Compile = anyOf((operand, { path }) => {
  const expected = operand.toLowerCase()
  if (expected !== 'true' && expected !== 'false') throw new PolicyInvalid('neither true nor false', path)
  return (value) => value.toLowerCase() === expected
})

/** Both sides are base64, whose spelling may differ (padding, its second alphabet) where the bytes do not. */
const binaryEquals: Compile = anyOf((operand) => {
  const expected = Buffer.from(operand, 'base64')
  return (value) => Buffer.from(value, 'base64').equals(expected)
})

const ipAddress: Compile = (operands, { path }) => {
  const contains = compileRanges(operands, path)
  return (value) => contains(value)
}

function anyOf(compile: (operand: string, syntax: OperandSyntax) => ValueTest): Compile {
  return (operands, syntax) => {
    const tests = operands.map((operand) => compile(operand, syntax))
    return (value, context) => tests.some((test) => test(value, context))
  }
}

const asIs = (text: string) => text
const ignoringCase = (text: string) => text.toLowerCase()
const equals = (value: number, operand: number) => value === operand

const is = (compile: Compile): Operator => ({ isNegated: false, compile })
const isNot = (compile: Compile): Operator => ({ isNegated: true, compile })

const operators: ReadonlyMap<string, Operator> = new Map([
  ['stringequals', is(stringEquals(asIs))],
  ['stringnotequals', isNot(stringEquals(asIs))],
  ['stringequalsignorecase', is(stringEquals(ignoringCase))],
  ['stringnotequalsignorecase', isNot(stringEquals(ignoringCase))],
  ['stringlike', is(stringLike)],
  ['stringnotlike', isNot(stringLike)],
  ['numericequals', is(numeric(equals))],
  ['numericnotequals', isNot(numeric(equals))],
  ['numericlessthan', is(numeric((value, operand) => value < operand))],
  ['numericlessthanequals', is(numeric((value, operand) => value <= operand))],
  ['numericgreaterthan', is(numeric((value, operand) => value > operand))],
  ['numericgreaterthanequals', is(numeric((value, operand) => value >= operand))],
  ['dateequals', is(date(equals))],
  ['datenotequals', isNot(date(equals))],
  ['datelessthan', is(date((value, operand) => value < operand))],
  ['datelessthanequals', is(date((value, operand) => value <= operand))],
  ['dategreaterthan', is(date((value, operand) => value > operand))],
  ['dategreaterthanequals', is(date((value, operand) => value >= operand))],
  ['bool', is(bool)],
  ['binaryequals', is(binaryEquals)],
  ['ipaddress', is(ipAddress)],
  ['notipaddress', isNot(ipAddress)],
  ['arnequals', is(arnLike)],
  ['arnlike', is(arnLike)],
  ['arnnotequals', isNot(arnLike)],
  ['arnnotlike', isNot(arnLike)],
])
