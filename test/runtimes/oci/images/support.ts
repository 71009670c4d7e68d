import { execFileSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DockerConfig, ImageInfo } from '../../../../engine/api/imageRequests.ts'
import type { ImageStore, ImageStoreOptions } from '../../../../engine/runtimes/oci/images/store.ts'
import { createImageStore } from '../../../../engine/runtimes/oci/images/store.ts'
import { RuntimeFailure } from '../../../../engine/runtimes/runtime.ts'
import { localTransport } from '../../../../engine/transport/local.ts'
import type { Transport } from '../../../../engine/transport/transport.ts'

export type Policy = 'Always' | 'IfNotPresent' | 'Never'

/** A store in a temporary folder, on this machine, that remembers which commands were run. */
export interface StoreWorld extends Disposable {
  readonly root: string
  readonly runDir: string
  readonly store: ImageStore
  /** Whole command lines, in the order in which they were begun. */
  readonly commands: readonly string[]
  /** Resolves when the next command that has this word in it is begun. */
  begun(word: string): Promise<void>
  /** Another store on the same folders: an engine that was started anew. */
  restarted(): ImageStore
  pull(
    image: string,
    policy?: Policy,
    auths?: readonly DockerConfig[],
    signal?: AbortSignal,
  ): Promise<ImageInfo>
}

export function createWorld(options: Partial<ImageStoreOptions> = {}): StoreWorld {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-images-'))
  const root = join(folder, 'root')
  const runDir = join(folder, 'run')
  const commands: string[] = []
  const waiting = new EventEmitter()
  const local = options.transport ?? localTransport()
  const transport: Transport = {
    ...local,
    run: async (command, signal) => {
      commands.push(command.argv.join(' '))
      for (const word of command.argv) waiting.emit(word)
      return await local.run(command, signal)
    },
  }
  const home = join(folder, 'home')
  mkdirSync(home)
  const create = (): ImageStore =>
    createImageStore({ environment: { HOME: home }, ...options, root, runDir, transport })
  const store = create()
  return {
    root,
    runDir,
    store,
    commands,
    begun: async (word) => {
      await once(waiting, word)
    },
    restarted: create,
    pull: async (image, policy = 'IfNotPresent', auths = [], signal = new AbortController().signal) =>
      await store.pull({ image, policy, auths }, signal),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function countOf(world: StoreWorld, start: string): number {
  return world.commands.filter((command) => command.startsWith('skopeo') && command.includes(` ${start} `))
    .length
}

/** What the pull failed with; a pull that succeeds fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<RuntimeFailure> {
  try {
    await work
  } catch (error) {
    if (error instanceof RuntimeFailure) return error
    throw error
  }
  throw new Error('it should have failed')
}

/** Runs a command in the image's file system, as overlayfs shows it; the output. */
export function inOverlay(layerDirs: readonly string[], script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-overlay-'))
  const lower = [...layerDirs].reverse().join(':')
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(folder, name))
  const options = `lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work`
  try {
    // In a mount namespace of its own: nothing stays behind.
    return execFileSync(
      'unshare',
      [
        '--mount',
        'sh',
        '-ec',
        `mount -t overlay overlay -o "$1" "$2"; cd "$2"; ${script}`,
        'sh',
        options,
        `${folder}/merged`,
      ],
      { encoding: 'utf8' },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function textFile(path: string, content: string) {
  return [{ kind: 'file' as const, path, content, mode: 0o644 }]
}

/** Letters that do not compress away; the same each time. */
export function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return String.fromCharCode(33 + ((state >> 16) % 90))
  }).join('')
}

/** Layers, for tests to which it is all the same what is in them. */
export const hello = textFile('hello', 'hello')
export const big = textFile('big', 'x'.repeat(300_000))
