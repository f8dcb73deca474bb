/** Waits until every promise has settled, then throws the first rejection in their order, if there is one. */
export async function allDone(promises: Iterable<Promise<unknown>>): Promise<void> {
  for (const outcome of await Promise.allSettled(promises)) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
}
