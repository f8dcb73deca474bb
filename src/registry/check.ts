import { checkManifests } from './check-manifests.ts'
import { checkBlobs, checkObjects, checkUploads } from './check-objects.ts'
import { checkChildReferences, checkDeleted, checkLinks, checkReferences } from './check-references.ts'
import { type CheckedStores, type CheckOptions, CheckRun, type CheckStep } from './check-run.ts'
import { checkRepositories, checkTags } from './check-tags.ts'
import type { Finding } from './finding.ts'

export type { CheckedStores, CheckOptions, CheckProgress, CheckStep } from './check-run.ts'

const steps: readonly (readonly [CheckStep, (run: CheckRun) => AsyncIterable<Finding>])[] = [
  ['repositories', checkRepositories],
  ['tags', checkTags],
  ['manifests', checkManifests],
  ['deleted images', checkDeleted],
  ['references', checkReferences],
  ['children', checkChildReferences],
  ['links', checkLinks],
  ['blobs', checkBlobs],
  ['uploads', checkUploads],
  ['objects', checkObjects],
]

/**
 * Reconcile the database with itself and with the stored bytes, beside whatever else is going on there. Writes nothing.
 *
 * What is reported is true: it was so at one moment, which a registry that keeps its promises never shows. Facts from
 * one query are of one moment anyway; those from two are compared again where what happened in between could explain
 * them. What goes wrong behind the check's back, in a step that is over, is for the next run.
 */
export async function* check(stores: CheckedStores, options: CheckOptions): AsyncGenerator<Finding, void, void> {
  const run = new CheckRun(stores, options)
  for (const [step, findings] of steps) {
    run.begin(step)
    yield* findings(run)
  }
}
