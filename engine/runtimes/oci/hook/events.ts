import { dirname } from 'node:path'
import type { NodeEvent } from '../../../api/cri.ts'
import type { NodeName } from '../../../api/names.ts'
import { podUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { readText } from '../node/node.ts'

/** What the hook has appended since; each pod once. */
export function parseEvents(text: string): readonly string[] {
  const uids = text.split('\n').map((line) => line.split(' ', 1)[0] ?? '')
  return [...new Set(uids.filter((uid) => uid !== ''))]
}

/** The engine empties the file when it starts. */
export const EVENTS_BYTES_MAX = 1024 * 1024

export async function* podEvents(
  transport: Transport,
  file: string,
  node: NodeName,
  signal: AbortSignal,
): AsyncGenerator<NodeEvent> {
  let seen = (await readText(transport, file)).length
  // The folder, for the file may be removed, and the next hook makes another one.
  for await (const _ of transport.watch([dirname(file)], signal)) {
    const text = await readText(transport, file)
    const added = text.slice(text.length < seen ? 0 : seen)
    seen = text.length
    for (const uid of parseEvents(added)) yield { node, uid: podUid(uid) }
  }
}
