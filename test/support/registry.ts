import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BuiltImage } from '../../scripts/images/build.ts'
import { pushImage } from '../../scripts/images/push.ts'
import { sampleImages } from '../../scripts/images/samples.ts'
import { startServer, stopServer } from '../../scripts/registry/server.ts'

export { buildImage, buildIndex } from '../../scripts/images/build.ts'

/** A real registry of one test file's own, in a temporary folder. */
export interface Registry extends AsyncDisposable {
  readonly port: number
  /** Of the server, for a test that lets it stand still. */
  readonly pid: number
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** `127.0.0.1:port`, as it stands in an image's name. */
  readonly host: string
  /** Where it keeps its files, for a test that damages them. */
  readonly storage: string
  /** `name` is such as `library/busybox:1.36`. */
  push(name: string, image: BuiltImage): Promise<void>
  stop(): Promise<void>
}

export interface RegistryUser {
  readonly username: string
  readonly password: string
}

/** The one user of a registry that asks for a login. */
export const REGISTRY_USER: RegistryUser = { username: 'robot', password: 'letmein' }

const CACHE = new URL('../../node_modules/.cache/registries', import.meta.url).pathname

/** bcrypt of the password above. */
const HTPASSWD = 'robot:$2y$05$abcdefghijklmnopqrstuuKwWV7ESJpzKzf9FQg57dBvMuv92X9HS\n'

export interface StartOptions {
  /** Absent: the sample images (scripts/images/samples.ts). */
  readonly images?: 'none' | 'samples'
  readonly login?: boolean
}

export async function startRegistry(options: StartOptions = {}): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), 'reconcile-registry-'))
  const storage = join(directory, 'storage')
  const images = options.images === 'none' ? new Map<string, BuiltImage>() : sampleImages()
  const kept = keptFolder(images)
  const isKept = existsSync(kept)
  if (isKept) cpSync(kept, storage, { recursive: true })
  const htpasswd = join(directory, 'htpasswd')
  writeFileSync(htpasswd, HTPASSWD)
  const { pid, port, url } = await startServer({ directory, ...(options.login === true ? { htpasswd } : {}) })
  const target =
    options.login === true ? { url, login: `${REGISTRY_USER.username}:${REGISTRY_USER.password}` } : { url }
  const push = async (name: string, image: BuiltImage): Promise<void> => await pushImage(target, name, image)
  // Also when the test run ends without disposing.
  const kill = (): void => {
    rmSync(directory, { recursive: true, force: true })
    process.kill(pid)
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    await stopServer(directory)
    rmSync(directory, { recursive: true, force: true })
  }
  if (images.size > 0 && !isKept) {
    // One after the other: of two uploads of one blob at a time the registry may refuse both.
    for (const [name, image] of images) await push(name, image)
    keep(storage, kept)
  }
  return {
    port,
    pid,
    url,
    host: `127.0.0.1:${port}`,
    storage,
    push,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Where a registry's folder is kept as it was after these images were pushed: the next ones begin with a copy, a second sooner. */
function keptFolder(images: ReturnType<typeof sampleImages>): string {
  const names = [...images].map(([name, { manifest }]) => `${name}@${manifest.digest}`)
  return join(CACHE, createHash('sha256').update(names.join()).digest('hex').slice(0, 16))
}

function keep(storage: string, kept: string): void {
  mkdirSync(CACHE, { recursive: true })
  const copy = mkdtempSync(join(CACHE, 'copy-'))
  cpSync(storage, copy, { recursive: true })
  try {
    renameSync(copy, kept)
  } catch {
    // Another test was sooner.
    rmSync(copy, { recursive: true })
  }
}
