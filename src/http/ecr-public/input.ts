import type { z } from 'zod'

import { type RegistryError, refuse } from '../../errors.ts'
import { JsonInvalid, parseStrictJson } from '../../lib/strict-json.ts'
import { wrongType } from './shapes.ts'

const inputDepthMax = 32

/** The members of a request's body. Refuses `SerializationFailed`. */
export function parseBody(body: Uint8Array): Readonly<Record<string, unknown>> {
  // AWS takes an empty body for an empty structure.
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = parseStrictJson(body, { depthMax: inputDepthMax })
  } catch (error) {
    if (!(error instanceof JsonInvalid)) throw error
    throw refuse('SerializationFailed', { reason: error.reason }, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('SerializationFailed', { reason: 'the body is not a JSON object' })
  }
  return value as Record<string, unknown>
}

/** The input of an operation, held to its shape. Refuses `ParameterInvalid` or, for a wrong type, `SerializationFailed`. */
export function parseInput<Shape extends z.ZodType>(shape: Shape, body: Uint8Array): z.output<Shape> {
  const result = shape.safeParse(withoutNulls(parseBody(body)), { reportInput: true })
  if (result.success) return result.data
  throw refusalFor(result.error.issues[0]!)
}

function refusalFor(issue: z.core.$ZodIssue): RegistryError {
  const path = pathOf(issue.path)
  if (issue.message === wrongType) {
    // zod has one issue for what is absent and for what is of another type; only the former has no input.
    if (issue.code === 'invalid_type' && issue.input === undefined) {
      return refuse('ParameterInvalid', { path, constraint: 'Member must not be null' })
    }
    return refuse('SerializationFailed', { reason: `${path} is not of its type` })
  }
  const isInList = issue.path.some((step) => typeof step === 'number')
  const constraint = isInList ? `Member must satisfy constraint: [${issue.message}]` : issue.message
  return refuse('ParameterInvalid', { path, constraint })
}

/** `repositoryName`, `catalogData.aboutText`; for something in a list, the list. */
function pathOf(path: readonly PropertyKey[]): string {
  const firstIndex = path.findIndex((step) => typeof step === 'number')
  return (firstIndex < 0 ? path : path.slice(0, firstIndex)).map(String).join('.')
}

/** AWS's JSON takes a null for an absent member. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]))
}
