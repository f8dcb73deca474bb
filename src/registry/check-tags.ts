import type { ScannedRepository, ScannedTag } from '../metadata/metadata-store.ts'
import type { CheckRun } from './check-run.ts'
import type { Finding } from './finding.ts'

/** The manifests of each repository of a page are counted, so a page is small. */
const repositoriesPerPage = 50

export async function* checkRepositories(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  for await (const row of run.rows<ScannedRepository>((page) => scan.listRepositories(page), repositoriesPerPage)) {
    const { repositoryId, imageCount, manifestCount } = row
    if (imageCount === manifestCount) continue
    const repository = await run.nameOf(repositoryId)
    if (repository === undefined) continue
    yield { code: 'ImageCountWrong', repositoryId, repository, recorded: imageCount, counted: manifestCount }
  }
}

/** Every tag's manifest is there. */
export async function* checkTags(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  for await (const { repositoryId, tag, digest, state } of run.rows<ScannedTag>((page) => scan.listTags(page))) {
    if (state === 'live') continue
    const repository = await run.nameOf(repositoryId)
    if (repository !== undefined) yield { code: 'TagDangling', repositoryId, repository, tag, digest }
  }
}
