import type { BlobStore } from '../blobs/blob-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { Access } from './access.ts'
import { Blobs } from './blobs.ts'
import { Catalog } from './catalog.ts'
import { Collector } from './collect.ts'
import { History } from './history.ts'
import type { RegistryLimits } from './limits.ts'
import { Manifests } from './manifests.ts'
import { Policies } from './policies.ts'
import { Registries } from './registries.ts'
import { Repositories } from './repositories.ts'
import { ResourceTags } from './resource-tags.ts'
import { Schedule } from './schedule.ts'
import { Sweep } from './sweep.ts'
import { Tags } from './tags.ts'
import { Uploads } from './uploads.ts'

/**
 * The house behind both doors: every verb of a registry, over the two ports, knowing nothing of HTTP, AWS's JSON or
 * OCI's. Each verb takes a `Call`, which says who asks; each refusal is one of `errors.ts`.
 */
export class Registry {
  readonly access: Access
  readonly registries: Registries
  readonly repositories: Repositories
  readonly catalog: Catalog
  readonly policies: Policies
  readonly resourceTags: ResourceTags
  readonly uploads: Uploads
  readonly blobs: Blobs
  readonly manifests: Manifests
  readonly tags: Tags
  readonly history: History
  readonly collector: Collector
  readonly sweep: Sweep
  readonly limits: RegistryLimits

  constructor(parts: { metadata: MetadataStore; blobs: BlobStore; limits: RegistryLimits; clock: Clock }) {
    this.limits = parts.limits
    const access = new Access()
    const schedule = new Schedule(parts.limits)
    const repositories = new Repositories({ ...parts, access })
    this.access = access
    this.registries = new Registries({ ...parts, access })
    this.repositories = repositories
    this.catalog = new Catalog({ ...parts, access, repositories })
    this.policies = new Policies({ ...parts, access, repositories })
    this.resourceTags = new ResourceTags({ ...parts, access, repositories })
    this.uploads = new Uploads({ ...parts, repositories, schedule })
    this.blobs = new Blobs({ ...parts, access, repositories, schedule })
    this.manifests = new Manifests({ ...parts, access, repositories, schedule })
    this.tags = new Tags({ ...parts, repositories })
    this.history = new History({ ...parts, repositories })
    this.collector = new Collector({ ...parts, schedule })
    this.sweep = new Sweep({ ...parts, uploads: this.uploads })
  }
}
