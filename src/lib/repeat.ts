/**
 * Run `task` again and again, `pauseMs` after it last ended, until disposed of; disposal waits for a run in progress. A
 * run that fails is reported, and the next one comes all the same.
 */
export function repeat(
  task: () => Promise<unknown>,
  options: { readonly pauseMs: number; readonly onError: (error: unknown) => void },
): AsyncDisposable {
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const run = async () => {
    try {
      await task()
    } catch (error) {
      options.onError(error)
    }
    if (!isStopped) schedule()
  }
  const schedule = () => {
    timer = setTimeout(() => {
      running = run()
    }, options.pauseMs)
    timer.unref()
  }

  schedule()
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
