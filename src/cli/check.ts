import { setImmediate, setTimeout } from 'node:timers/promises'

import type { Command } from 'commander'

import type { Maintenance } from '../maintenance.ts'
import type { CheckProgress, CheckStep } from '../registry/check.ts'
import { describeFinding, type Finding, type Harm, harmOf } from '../registry/finding.ts'
import { onStores } from './maintenance-command.ts'
import { Progress } from './progress.ts'
import { shownBytes } from './table.ts'

interface CheckFlags {
  readonly deep?: true
  readonly repair?: true
  readonly force?: true
  readonly fullSpeed?: true
  readonly json?: true
}

/** A finding as it is shown. */
interface ShownFinding {
  readonly finding: Finding
  readonly harm: Harm
  readonly sentence: string
  /** `undefined` when nothing was done. */
  readonly repaired?: string | undefined
}

export function addCheck(program: Command): void {
  onStores(
    program
      .command('check')
      .description(
        'Compare the database with itself and with the stored bytes, beside the running server or without it. Ends with 1 when something is found.',
      )
      .option('--deep', 'Read every layer and compute its digest')
      .option('--repair', 'Do what is safe about what is found: what that is, docs/operations.md says')
      .option('--force', 'Repair even where most of the bytes are missing, or most of the rows')
      .option('--full-speed', 'Do not rest as long as one works'),
    'waybill check --deep',
    runCheck,
  )
}

async function runCheck(maintenance: Maintenance, flags: CheckFlags) {
  const counts = new Map<CheckStep, number>()
  let bytesRead = 0
  const found: ShownFinding[] = []
  {
    using progress = new Progress()
    const onProgress = ({ step, count, bytes }: CheckProgress) => {
      counts.set(step, count)
      if (step === 'blobs') bytesRead = bytes
      progress.show(step, bytes > 0 ? `${count}, ${shownBytes(bytes)} read` : String(count))
    }
    const options = { isDeep: flags.deep === true, onProgress, rest: flags.fullSpeed ? setImmediate : restInTurn() }
    for await (const finding of maintenance.check(options)) {
      const shown = { finding, harm: harmOf(finding), sentence: describeFinding(finding) }
      found.push(shown)
      if (flags.json) continue
      progress.clear()
      process.stdout.write(`${shown.harm}  ${shown.sentence}\n`)
    }
  }
  if (found.length > 0) process.exitCode = 1
  const answered = flags.repair && found.length > 0 ? await repairAll(maintenance, found, counts, flags) : found
  const json = {
    ...{ checked: Object.fromEntries(counts), bytesRead },
    findings: answered.map(({ finding, ...shown }) => ({ ...finding, ...shown })),
  }
  return { json, text: summary(answered, flags) }
}

async function repairAll(
  maintenance: Maintenance,
  found: readonly ShownFinding[],
  counts: ReadonlyMap<CheckStep, number>,
  { force, json }: CheckFlags,
): Promise<ShownFinding[]> {
  if (!force)
    maintenance.requirePlausible(
      found.map(({ finding }) => finding),
      counts,
    )
  const answered: ShownFinding[] = []
  if (!json) process.stdout.write('\n')
  for (const shown of found) {
    const repaired = await maintenance.repair(shown.finding)
    answered.push({ ...shown, repaired })
    if (!json)
      process.stdout.write(`${repaired === undefined ? 'left    ' : 'repaired'}  ${describeRepair(shown, repaired)}\n`)
  }
  return answered
}

function describeRepair({ sentence }: ShownFinding, repaired: string | undefined): string {
  return repaired === undefined ? sentence : `${sentence}: ${repaired}`
}

function summary(found: readonly ShownFinding[], { deep, repair }: CheckFlags): string {
  const depth = deep ? '' : ' Layers were not read: --deep does that.'
  if (found.length === 0) return `All is as it should be.${depth}`
  const broken = found.filter(({ harm }) => harm === 'broken').length
  const said = `\n${found.length} found: ${broken} broken, ${found.length - broken} wasted.`
  if (!repair) return `${said}${depth} --repair does what is safe about it.`
  const left = found.filter(({ repaired }) => repaired === undefined).length
  return `${said} ${found.length - left} repaired, ${left} left.${depth}`
}

/** Rests for as long as was worked: half of a processor and half of a disk are left to the server. */
function restInTurn(): () => Promise<void> {
  let startedAt = performance.now()
  return async () => {
    await setTimeout(performance.now() - startedAt)
    startedAt = performance.now()
  }
}
