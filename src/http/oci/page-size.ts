import { refuse } from '../../errors.ts'

/** How many items a list's `n` asks for, cut to the most there may be; those without an `n`. Refuses `RequestMalformed`. */
export function parsePageSize(text: string | null, max: number): number {
  if (text === null) return max
  if (!/^\d{1,9}$/.test(text))
    throw refuse('RequestMalformed', { reason: `n is "${text.slice(0, 50)}" and not a number` })
  return Math.min(Number(text), max)
}
