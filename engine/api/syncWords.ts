import { type ObjectKey, objectText, shortCommit, type Timestamp } from './names.ts'
import type { SyncMemory } from './sync.ts'

/** What somebody says of a held commit or of an object by command, and what is remembered then. */
export type Said =
  | { readonly kind: 'done'; readonly memory: SyncMemory; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }

/** Git's own least for an id that is cut off. */
const PREFIX_MIN = 4

/** `asked` is the whole id of the held commit or the beginning of it. It stays held until it is put in force. */
export function approve(memory: SyncMemory, asked: string, at: Timestamp): Said {
  const { approved, held } = memory
  const commit = held?.commit
  if (asked.length < PREFIX_MIN)
    return refused(
      `${JSON.stringify(asked)} is too short for a commit: give at least ${PREFIX_MIN} letters of its id`,
    )
  if (commit === undefined) {
    const inForce = memory.inForce?.commit.startsWith(asked.toLowerCase()) === true
    return refused(inForce ? `commit ${asked} is in force already` : 'no commit is held')
  }
  if (commit === 'uncommitted')
    return refused(
      'what is held are uncommitted files, which may change: reconcile --once --approve applies them',
    )
  const short = shortCommit(commit)
  if (!commit.startsWith(asked.toLowerCase()))
    return refused(`commit ${asked} is not held; the one that is held is ${short}`)
  if (approved?.commit === commit)
    return { kind: 'done', memory, message: `commit ${short} is approved already` }
  return {
    kind: 'done',
    memory: { ...memory, approved: { commit, at } },
    message: `commit ${short} is approved`,
  }
}

/** That there is such an object, and that it is none that another one makes, is for the caller to know. */
export function suspend(memory: SyncMemory, object: ObjectKey, at: Timestamp): Said {
  const name = objectText(object)
  if (memory.suspended.some((one) => one.object === object))
    return { kind: 'done', memory, message: `${name} is suspended already` }
  const suspended = [...memory.suspended, { object, since: at }].toSorted((a, b) =>
    a.object < b.object ? -1 : 1,
  )
  return {
    kind: 'done',
    memory: { ...memory, suspended },
    message: `${name} is suspended: it is left as it is`,
  }
}

export function resume(memory: SyncMemory, object: ObjectKey): Said {
  const name = objectText(object)
  const suspended = memory.suspended.filter((one) => one.object !== object)
  if (suspended.length === memory.suspended.length)
    return refused(`${name} is not suspended${others(memory)}`)
  return { kind: 'done', memory: { ...memory, suspended }, message: `${name} is resumed` }
}

function others({ suspended }: SyncMemory): string {
  return suspended.length === 0
    ? ''
    : `; suspended: ${suspended.map(({ object }) => objectText(object)).join(', ')}`
}

function refused(message: string): Said {
  return { kind: 'refused', message }
}
