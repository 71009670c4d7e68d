import { mkdir, stat } from 'node:fs/promises'

const TRIES_MAX = 5

/**
 * Makes something of its own in a folder of this machine that several roots share. Whoever leaves it empty takes it away, which may be just
 * after it was made here: then once more.
 */
export async function inSharedFolder<T>(folder: string, make: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      return await make()
    } catch (error) {
      if (tries === TRIES_MAX || (await isThere(folder))) throw error
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
