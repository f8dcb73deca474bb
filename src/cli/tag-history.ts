import { type Command, InvalidArgumentError, Option } from 'commander'

import type { TagEvent } from '../metadata/metadata-store.ts'
import type { Tag } from '../oci/reference.ts'
import { onStores } from './maintenance-command.ts'
import { shownTime, table } from './table.ts'

const eventsDefault = 50
const eventsMax = 10_000

export function addTagHistory(program: Command): void {
  onStores(
    program
      .command('tag-history')
      .description('Show what happened to a tag, or to every tag of a repository, the latest first.')
      .argument('<alias/repository[:tag]>')
      .addOption(new Option('--limit <count>', 'at most so many').default(eventsDefault).argParser(limitIn)),
    'waybill tag-history acme/app:latest',
    async (maintenance, name: string, { limit }: { readonly limit: number }) => {
      const [repository = '', tag] = name.split(':', 2)
      const { address, call } = await maintenance.enter(repository)
      const page = { after: undefined, limit }
      // What is no tag by its form is none that anything happened to.
      return shown(await maintenance.registry.history.listTagEvents(call, address, tag as Tag | undefined, page))
    },
  )
}

function shown(events: readonly TagEvent[]) {
  const rows = events.map(({ happenedAt, tag, digest, previousDigest, principal, door }) => [
    ...[shownTime(happenedAt), tag, digest ?? '(removed)', previousDigest ?? '(new)', principal, door],
  ])
  const heading = ['when', 'tag', 'on', 'before', 'by', 'through']
  return { json: events, text: rows.length === 0 ? 'Nothing has happened.' : table(heading, rows) }
}

function limitIn(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= eventsMax) return value
  throw new InvalidArgumentError(`It is a whole number from 1 to ${eventsMax}.`)
}
