// Usage: tally.mjs STAGES
// Sums up what .ci/run did, from lines of name, exit code, seconds and test report (or none), separated by tabs.
// What is not proved counts as failed: a test that was skipped, a file that failed outside its tests, a stage that
// failed without a failing test, or that left no report.
import { readFileSync } from 'node:fs'

/** Counts one report in vitest's JSON format. */
function count(path) {
  const { testResults, success } = JSON.parse(readFileSync(path, 'utf8'))
  let passed = 0
  let failed = 0
  for (const { status, assertionResults } of testResults) {
    const passedHere = assertionResults.filter((test) => test.status === 'passed').length
    const failedHere = assertionResults.length - passedHere
    passed += passedHere
    failed += status === 'failed' ? Math.max(failedHere, 1) : failedHere
  }
  return { passed, failed: success ? failed : Math.max(failed, 1) }
}

function outcomeOf(status, report) {
  let passed = 0
  let failed = 0
  try {
    if (report) ({ passed, failed } = count(report))
  } catch (error) {
    console.log(`No usable report: ${error.message}`)
    failed = 1
  }
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1) }
}

let passed = 0
let failed = 0
for (const line of readFileSync(process.argv[2], 'utf8').trimEnd().split('\n')) {
  const [name, status, seconds, report] = line.split('\t')
  const outcome = outcomeOf(Number(status), report)
  passed += outcome.passed
  failed += outcome.failed
  const counts = report ? `${outcome.passed} passed, ${outcome.failed} failed` : outcome.failed ? 'failed' : 'done'
  console.log(`${name.padEnd(12)} ${seconds.padStart(5)} s  ${counts}${status === '0' ? '' : ` (exit code ${status})`}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
