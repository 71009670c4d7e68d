import { dirname } from 'node:path'
import { type PodUid, podUid } from '../../api/names.ts'
import type { Transport } from '../../transport/transport.ts'
import { isObject, parseJson } from '../oci/json.ts'
import { readText } from '../oci/node/node.ts'
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
  let seen = (await readText(transport, file)).length
  // The folder, for podman begins another file when this one is full.
  for await (const _ of transport.watch([dirname(file)], signal)) {
    const text = await readText(transport, file)
    const added = text.slice(text.length < seen ? 0 : seen)
    seen = text.length
    const told = parsePodmanEvents(added).filter(({ status }) => !IDLE.has(status))
    for (const uid of new Set(told.map((event) => event.uid))) yield podUid(uid)
  }
}

export async function podmanEnds(transport: Transport, file: string): Promise<readonly ToolEnd[]> {
  const events = parsePodmanEvents(await readText(transport, file))
  return events.flatMap(({ exitCode, name }) => (exitCode === undefined ? [] : [{ name, exitCode }]))
}
