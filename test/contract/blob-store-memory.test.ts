import { MemoryBlobStore } from '../../src/blobs/memory/memory-blob-store.ts'
import { describeBlobStore } from './blob-store.contract.ts'

describeBlobStore({ name: 'memory', open: async () => new MemoryBlobStore() })
