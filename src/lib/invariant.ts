/** Our own mistake, or data on disk that contradicts itself. Never a client's doing. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

export function invariant(holds: unknown, message: string): asserts holds {
  if (!holds) throw new InvariantViolation(message)
}
