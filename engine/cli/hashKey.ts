import { randomBytes } from 'node:crypto'

const KEY_BYTES = 32

/** Made once for a root. Whoever has it could try out what Secrets hold by their hashes, so it is nowhere but in root.json. */
export function newHashKey(): string {
  return randomBytes(KEY_BYTES).toString('hex')
}
