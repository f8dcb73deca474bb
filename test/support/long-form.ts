/** Set by `npm run test:crash`: what takes seconds at every save may then take minutes. */
export const isLongForm = process.env.WAYBILL_TEST_LONG !== undefined

/** How much of something: `short` at every save, `long` where the whole proof is wanted. */
export function byForm<T>({ short, long }: { readonly short: T; readonly long: T }): T {
  return isLongForm ? long : short
}
