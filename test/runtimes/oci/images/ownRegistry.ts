import { afterAll, beforeAll } from 'vitest'
import { type Registry, startRegistry } from '../../../support/registry.ts'

/** A registry for the tests of the file that asks for it, with nothing in it. */
export function ownRegistry(
  use: (registry: Registry) => void,
  options: { readonly login?: boolean } = {},
): void {
  const made = new AsyncDisposableStack()
  beforeAll(async () => use(made.use(await startRegistry({ ...options, images: 'none' }))))
  afterAll(async () => await made.disposeAsync())
}
