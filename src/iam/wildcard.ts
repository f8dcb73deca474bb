/** `*`: any run of characters, the empty one included. Negative, so that it is never a UTF-16 unit. */
export const anyRun = -1

/** `?`: any one character. */
export const anyOne = -2

/** A pattern, unit by unit: UTF-16 code units, `anyRun` and `anyOne`. */
export type Units = readonly number[]

/** All that matching reads of a text. A string is one; a test can count. */
export type Text = Pick<string, 'length' | 'charCodeAt'>

const ASTERISK = 0x2a
const QUESTION_MARK = 0x3f

export function parseWildcards(text: string): Units {
  return unitsOf(text).map((unit) => (unit === ASTERISK ? anyRun : unit === QUESTION_MARK ? anyOne : unit))
}

/** The text as a pattern that matches nothing else: its asterisks and question marks stand for themselves. */
export function unitsOf(text: string): number[] {
  const units: number[] = []
  for (let at = 0; at < text.length; at++) units.push(text.charCodeAt(at))
  return units
}

/** The inverse of `unitsOf`, for units without wildcards. */
export function textOf(units: Units): string {
  let text = ''
  for (const unit of units) text += String.fromCharCode(unit)
  return text
}

/**
 * Whether the whole of `text` is of the pattern's form.
 *
 * Only the last `*` met is ever tried again, a place further on: what matched before it may stay as it is, since that
 * `*` can take up whatever an earlier one could have taken. So stars do not multiply: a pattern whose longest stretch
 * without a star is r units long reads the text at most (r + 1) × text.length times, however many stars it has.
 */
export function matchesWildcard(pattern: Units, text: Text): boolean {
  const end = text.length
  let at = 0
  let textAt = 0
  let afterStar = -1
  let starTook = 0

  while (textAt < end) {
    const unit = pattern[at]
    if (unit === anyRun) {
      afterStar = ++at
      if (at === pattern.length) return true
      starTook = textAt
    } else if (unit === anyOne || unit === text.charCodeAt(textAt)) {
      at++
      textAt++
    } else if (afterStar >= 0) {
      at = afterStar
      textAt = ++starTook
    } else {
      return false
    }
  }
  while (pattern[at] === anyRun) at++
  return at === pattern.length
}
