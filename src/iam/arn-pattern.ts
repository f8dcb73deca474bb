import type { ConditionContext } from './context.ts'
import { fill, isConstant, type Template } from './template.ts'
import { anyRun, matchesWildcard, textOf, type Units } from './wildcard.ts'

/** `arn`, partition, service, region, account and resource. */
export const arnSegmentCount = 6

const COLON = 0x3a

/** At most six segments; the last keeps its colons. A text that is no ARN has fewer. */
export function splitArn(text: string): readonly string[] {
  const segments: string[] = []
  let start = 0
  while (segments.length < arnSegmentCount - 1) {
    const colon = text.indexOf(':', start)
    if (colon === -1) break
    segments.push(text.slice(start, colon))
    start = colon + 1
  }
  segments.push(text.slice(start))
  return segments
}

/** As `splitArn`; a colon inside of a variable, or of its value, separates nothing. */
export function splitArnTemplate(template: Template): readonly Template[] {
  const segments: Template[] = []
  let start = 0
  while (segments.length < arnSegmentCount - 1) {
    const colon = template.indexOf(COLON, start)
    if (colon === -1) break
    segments.push(template.slice(start, colon))
    start = colon + 1
  }
  segments.push(template.slice(start))
  return segments
}

/** Whether an ARN, split, is of the pattern's form. */
export type ArnTest = (arn: readonly string[], context: ConditionContext) => boolean

/**
 * A pattern of `Resource` or `NotResource`. Wildcards match within a segment, slashes included; a `*` that ends one "can
 * expand to match beyond the colon boundaries" (IAM User Guide, "IAM JSON policy elements: Resource").
 */
export function compileResourcePattern(template: Template): ArnTest {
  return overSegments(template, (pattern, arn) => matchesFromLeft(pattern, arn))
}

/**
 * A pattern of ArnLike and its kin: "each of the six colon-delimited components of the ARN is checked separately" (IAM
 * User Guide, "ARN condition operators"). A bare `*` is any ARN.
 */
export function compileArnLike(template: Template): ArnTest {
  if (template.length === 1 && template[0] === anyRun) return (arn) => arn.length === arnSegmentCount
  return overSegments(template, (pattern, arn) => {
    if (arn.length !== arnSegmentCount || pattern.length !== arnSegmentCount) return false
    return pattern.every((segment, index) => segment.matches(arn[index] ?? ''))
  })
}

interface Segment {
  readonly matches: (text: string) => boolean
  readonly endsOpen: boolean
}

function overSegments(
  template: Template,
  match: (pattern: readonly Segment[], arn: readonly string[]) => boolean,
): ArnTest {
  const templates = splitArnTemplate(template)
  const constants = templates.map((segment) => (isConstant(segment) ? segmentOf(segment) : undefined))
  if (isDefined(constants)) return (arn) => match(constants, arn)
  return (arn, context) => {
    const pattern = templates.map((segment, index) => constants[index] ?? filledSegment(segment, context))
    return isDefined(pattern) && match(pattern, arn)
  }
}

function filledSegment(template: Template, context: ConditionContext): Segment | undefined {
  const units = fill(template, context)
  return units && segmentOf(units)
}

function isDefined(segments: readonly (Segment | undefined)[]): segments is readonly Segment[] {
  return !segments.includes(undefined)
}

function segmentOf(units: Units): Segment {
  const endsOpen = units.at(-1) === anyRun
  if (units.every((unit) => unit >= 0)) {
    const literal = textOf(units)
    return { matches: (text) => text === literal, endsOpen }
  }
  if (units.length === 1 && endsOpen) return { matches: () => true, endsOpen }
  return { matches: (text) => matchesWildcard(units, text), endsOpen }
}

/**
 * Each segment of the pattern takes one of the ARN's, or, where it ends open, one and any number that follow. `reached` has
 * bit n set when the pattern so far can take the first n segments, so that no pair is looked at twice.
 */
function matchesFromLeft(pattern: readonly Segment[], arn: readonly string[]): boolean {
  let reached = 1
  for (const segment of pattern) {
    let next = 0
    for (let index = 0; index < arn.length; index++) {
      if ((reached & (1 << index)) === 0 || !segment.matches(arn[index] ?? '')) continue
      next |= segment.endsOpen ? ALL_BITS << (index + 1) : 1 << (index + 1)
    }
    if (next === 0) return false
    reached = next
  }
  return (reached & (1 << arn.length)) !== 0
}

const ALL_BITS = -1
