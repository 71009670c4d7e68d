import { statSync, type Stats } from 'node:fs'

/** What was read of a path, and what of its status tells it from another content. */
interface Kept<T> {
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly value: T
}

/** Two changes may bear the same time: the kernel's moves in steps of some milliseconds, and some file systems know seconds only. */
const SETTLED_MS = 2_000
/** What nobody has asked for during one to two of these is forgotten. */
const TURN_MS = 60_000

/** Files and folders of the kernel's own, whose status says nothing of what they hold. */
export function isKernels(path: string): boolean {
  return /^\/(proc|sys)(\/|$)/.test(path)
}

/** Undefined: it is not there. */
export function statusAt(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

/**
 * What paths hold, for as long as their status is the same: a node is listed every half minute, and next to nothing of it has changed. To ask for
 * a status takes a fifth of the time that reading a small file takes. Nobody can set the time of a change back (`ctime`).
 */
export class Memory<T> {
  #young = new Map<string, Kept<T>>()
  #old: ReadonlyMap<string, Kept<T>> = new Map()
  #turnedAtMs = 0

  /** `status` was asked for before this: what changes while it is read is seen the next time. */
  get(path: string, status: Stats, read: () => T): T {
    const nowMs = Date.now()
    if (Math.abs(nowMs - this.#turnedAtMs) > TURN_MS) this.#turn(nowMs)
    const { ctimeMs, ino, mtimeMs, size } = status
    const kept = this.#young.get(path) ?? this.#old.get(path)
    if (kept !== undefined && isSame(kept, status)) {
      this.#young.set(path, kept)
      return kept.value
    }
    const value = read()
    if (nowMs - ctimeMs > SETTLED_MS) this.#young.set(path, { ino, size, mtimeMs, ctimeMs, value })
    return value
  }

  #turn(nowMs: number): void {
    this.#old = this.#young
    this.#young = new Map()
    this.#turnedAtMs = nowMs
  }
}

function isSame<T>(kept: Kept<T>, { ctimeMs, ino, mtimeMs, size }: Stats): boolean {
  return kept.ctimeMs === ctimeMs && kept.mtimeMs === mtimeMs && kept.size === size && kept.ino === ino
}
