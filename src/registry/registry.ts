import type { BlobStore } from '../blobs/blob-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { Access } from './access.ts'
import { Blobs } from './blobs.ts'
import type { RegistryLimits } from './limits.ts'
import { Manifests } from './manifests.ts'
import { Repositories } from './repositories.ts'
import { Sweep } from './sweep.ts'
import { Tags } from './tags.ts'
import { Uploads } from './uploads.ts'

/**
 * The house behind both doors: every verb of a registry, over the two ports, knowing nothing of HTTP, AWS's JSON or
 * OCI's. Each verb takes a `Call`, which says who asks; each refusal is one of `errors.ts`.
 */
export class Registry {
  readonly access: Access
  readonly repositories: Repositories
  readonly uploads: Uploads
  readonly blobs: Blobs
  readonly manifests: Manifests
  readonly tags: Tags
  readonly sweep: Sweep
  readonly limits: RegistryLimits

  constructor(parts: { metadata: MetadataStore; blobs: BlobStore; limits: RegistryLimits; clock: Clock }) {
    this.limits = parts.limits
    const access = new Access()
    const repositories = new Repositories({ ...parts, access })
    this.access = access
    this.repositories = repositories
    this.uploads = new Uploads({ ...parts, repositories })
    this.blobs = new Blobs({ ...parts, access, repositories })
    this.manifests = new Manifests({ ...parts, access, repositories })
    this.tags = new Tags({ ...parts, repositories })
    this.sweep = new Sweep({ ...parts, uploads: this.uploads })
  }
}
