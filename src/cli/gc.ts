import { type Command, InvalidArgumentError, Option } from 'commander'

import type { Maintenance } from '../maintenance.ts'
import { imageNameOf } from '../registry/address.ts'
import type { ReviewedItem } from '../registry/collect.ts'
import { addGroup } from './data-command.ts'
import { onStores } from './maintenance-command.ts'
import { Progress } from './progress.ts'
import { shownBytes, shownTime, table } from './table.ts'

const hourMs = 60 * 60 * 1000

export function addGc(program: Command): void {
  const gc = addGroup(
    program,
    'gc',
    'The garbage collector. It runs in the server; what it would do, and why, can be asked here.',
    'waybill gc explain --hours 24',
  )
  onStores(
    gc.command('status').description('Show how much is waiting to be looked at, and to be deleted.'),
    'waybill gc status',
    status,
  )
  onStores(
    gc
      .command('explain')
      .description('Show what the collector would do about what is due, and why. Nothing is done.')
      .addOption(new Option('--hours <count>', 'as it will be so many hours from now').default(0).argParser(hours))
      .addOption(new Option('--limit <count>', 'at most so many').default(100).argParser(count)),
    'waybill gc explain --hours 24',
    explain,
  )
  onStores(
    gc.command('run').description('Do now what is due, which a running server does within seconds.'),
    'waybill gc run',
    run,
  )
}

async function status({ view }: Maintenance) {
  const now = Date.now()
  const reviews = await view.reviews.summarize(now)
  const discards = await view.discards.count()
  const deletedRepositories = (await view.repositories.listDeleted(deletedShownMax)).length
  const rows = reviews.map(({ kind, count: n, dueCount, nextDueAt }) => [
    ...[reviewed[kind], String(n), String(dueCount)],
    shownTime(nextDueAt),
  ])
  const lines = [
    reviews.length === 0 ? 'Nothing is waiting to be looked at.' : table(['to look at', 'count', 'due', 'next'], rows),
    `${discards} objects are to be deleted, and ${deletedRepositories} deleted repositories to be emptied.`,
  ]
  return { json: { reviews, discards, deletedRepositories }, text: lines.join('\n') }
}

const deletedShownMax = 10_000

const reviewed: { readonly [Kind in ReviewedItem['review']['kind']]: string } = {
  manifest: 'untagged images',
  deleted: 'deleted images',
  link: 'layers of repositories',
  blob: 'stored layers',
}

async function explain(
  maintenance: Maintenance,
  { hours: later, limit }: { readonly hours: number; readonly limit: number },
) {
  const items = await maintenance.explain(Date.now() + later * hourMs, limit)
  return shown(maintenance, items, 'Nothing is due.')
}

async function run(maintenance: Maintenance) {
  using progress = new Progress()
  const { collector } = maintenance.registry
  const items: ReviewedItem[] = []
  for (let done = await collector.pass(); done.length > 0; done = await collector.pass()) {
    items.push(...done)
    progress.show('looked at', String(items.length))
  }
  return shown(maintenance, items, 'Nothing was due.')
}

async function shown({ view }: Maintenance, items: readonly ReviewedItem[], nothing: string) {
  const names = new Map<number, string>()
  for (const { review } of items) {
    const id = review.repositoryId
    if (id !== 0 && !names.has(id)) names.set(id, (await imageNameOf(view, id)) ?? `(deleted ${id})`)
  }
  const list = items.map(({ review, verdict, bytes }) => ({
    ...{ kind: review.kind, repository: names.get(review.repositoryId) ?? null, digest: review.digest },
    ...{ dueAt: review.dueAt, verdict: verdict.kind, because: verdict.because, bytes },
  }))
  const freed = list.reduce((sum, { bytes }) => sum + bytes, 0)
  const lines = list.map(({ kind, repository, digest, verdict, because }) => {
    const what = repository === null ? digest : `${repository}@${digest}`
    return `${verdict.padEnd('collect'.length)}  ${kind.padEnd('manifest'.length)}  ${what}: ${because}`
  })
  const text =
    list.length === 0 ? nothing : `${lines.join('\n')}\n\n${list.length} looked at, ${shownBytes(freed)} freed.`
  return { json: { items: list, bytes: freed }, text }
}

function hours(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 100_000)) throw new InvalidArgumentError('It is a number of hours.')
  return value
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number above 0.')
  return value
}
