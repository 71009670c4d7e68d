import { dirname } from 'node:path'
import { type PodUid, podUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { isObject, parseJson } from '../oci/json.ts'
import { Appended, fileEnd } from '../dockerLike/fileEnds.ts'
import { parseContainerName } from '../dockerLike/names.ts'
import type { ToolEnd } from '../dockerLike/tool.ts'

/** A line of podman's events file, of a container of ours. */
export interface PodmanEvent {
  readonly name: string
  readonly uid: string
  readonly status: string
  readonly exitCode?: number
}

export function parsePodmanEvents(text: string): readonly PodmanEvent[] {
  return text.split('\n').flatMap((line): readonly PodmanEvent[] => {
    const value = parseJson(line)
    if (!isObject(value) || value['Type'] !== 'container') return []
    const name = String(value['Name'])
    const uid = parseContainerName(name)?.uid
    const exitCode = value['ContainerExitCode']
    if (uid === undefined) return []
    const status = String(value['Status'])
    return [{ name, uid, status, ...(status === 'died' && { exitCode: Number(exitCode ?? 0) }) }]
  })
}

/** What podman says when nothing has become of a container that the engine would look at. */
const IDLE = new Set(['exec', 'exec_died', 'create', 'init', 'mount', 'unmount'])

export async function* podmanChanges(
  transport: Transport,
  file: string,
  signal: AbortSignal,
): AsyncGenerator<PodUid> {
  await transport.makeDirectory(dirname(file), 0o700)
  const appended = await Appended.create(transport, file)
  // The folder, for podman begins another file when this one is full.
  for await (const _ of transport.watch([dirname(file)], signal)) {
    const uids = new Set<string>()
    for await (const lines of appended.lines())
      for (const { status, uid } of parsePodmanEvents(lines.join('\n'))) if (!IDLE.has(status)) uids.add(uid)
    for (const uid of uids) yield podUid(uid)
  }
}

/** Some hundreds of events. */
const ENDS_BYTES_MAX = 256 * 1024

/** For what the node's hook does not tell of. */
export async function podmanEnds(transport: Transport, file: string): Promise<readonly ToolEnd[]> {
  const events = parsePodmanEvents(await fileEnd(transport, file, ENDS_BYTES_MAX))
  return events.flatMap(({ exitCode, name }) =>
    exitCode === undefined ? [] : [{ name, exitCode, oomKilled: false }],
  )
}
