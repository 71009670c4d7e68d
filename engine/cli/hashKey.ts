import { randomBytes } from 'node:crypto'
import type { RootRecord } from '../api/records.ts'
import type { Desired } from '../api/snapshot.ts'

const KEY_BYTES = 32

/** Made once for a root. Whoever has it could try out what Secrets hold by their hashes, so it is nowhere but in root.json. */
export function newHashKey(): string {
  return randomBytes(KEY_BYTES).toString('hex')
}

/** A root that has no key yet gets hashes that nobody sees again. */
export function withHashKey(desired: Desired, record: RootRecord | undefined): Desired {
  return { ...desired, hashKey: record?.hashKey ?? newHashKey() }
}
