import type { PodRecord } from '../../../api/records.ts'
import { RECORD_VERSION } from '../../../api/records.ts'
import type { ObservedContainer } from '../../../api/snapshot.ts'
import type { PodListing } from '../../runtime.ts'
import { timestamp } from '../containers/attempts.ts'
import { parseRule } from '../hook/rule.ts'
import { isObject, parseJson } from '../json.ts'
import type { RootPaths } from '../paths.ts'
import { observedContainer } from './containerState.ts'
import { damageSentence, examine } from './damage.ts'
import type { NodeState } from './nodeState.ts'
import type { PodFiles } from './podFiles.ts'
import type { Sandbox } from './sandbox.ts'

/** A text says why it cannot be read. */
export function podListing(
  paths: RootPaths,
  pod: PodFiles,
  sandbox: Sandbox | undefined,
  state: NodeState,
  containersOf: ContainersOf = containersOfFiles,
): PodListing | string {
  const record = parseRecord(pod.record ?? '')
  if (typeof record === 'string') return record
  const containers = containersOf(pod, state)
  if (typeof containers === 'string') return containers
  const found = sandboxState(paths, pod, sandbox, containers.size > 0, state)
  return {
    record,
    ...found,
    ...(pod.said === undefined ? {} : { saidConditions: pod.said }),
    ...(pod.frozenMs === undefined ? {} : { frozenSince: timestamp(pod.frozenMs) }),
    ...(found.sandbox === 'ready' && sandbox?.ip !== undefined ? { ip: sandbox.ip } : {}),
    ...(found.sandbox === 'ready' && sandbox?.ip6 !== undefined ? { ip6: sandbox.ip6 } : {}),
    ...(found.sandbox === 'ready' && sandbox !== undefined ? { volumes: sandbox.versions ?? {} } : {}),
    containers,
  }
}

/** What became of a pod's containers; a text says why that cannot be read. */
export type ContainersOf = (
  pod: PodFiles,
  state: NodeState,
) => ReadonlyMap<string, ObservedContainer> | string

/** From the files that the hook leaves. */
export function containersOfFiles(
  pod: PodFiles,
  state: NodeState,
): ReadonlyMap<string, ObservedContainer> | string {
  const containers = new Map<string, ObservedContainer>()
  for (const [name, files] of pod.containers) {
    const rule = files.rule === undefined ? undefined : parseRule(files.rule)
    if (files.rule !== undefined && rule === undefined) {
      return `the rule file of container ${name} is damaged or of another version`
    }
    const container = observedContainer(name, files, rule, pod.disarmed, state)
    if (container !== undefined) containers.set(name, container)
  }
  return containers
}

function sandboxState(
  paths: RootPaths,
  pod: PodFiles,
  sandbox: Sandbox | undefined,
  hasContainers: boolean,
  state: NodeState,
): Pick<PodListing, 'sandbox' | 'broken' | 'damage'> {
  if (pod.released) return { sandbox: 'released' }
  if (sandbox === undefined && !hasContainers) return { sandbox: 'absent' }
  if (sandbox === undefined) return { sandbox: 'broken', broken: 'lost what it has on the tmpfs of the node' }
  const { broken, damage } = examine(paths, pod, sandbox, state)
  if (broken !== undefined) return { sandbox: 'broken', broken }
  return { sandbox: 'ready', ...(damage.length > 0 && { damage: damage.map(damageSentence) }) }
}

export const DAMAGED_RECORD = 'its record is damaged'

export function parseRecord(text: string): PodRecord | string {
  const value = parseJson(text)
  if (!isObject(value)) return DAMAGED_RECORD
  if (value['recordVersion'] !== RECORD_VERSION) {
    return `its record has version ${JSON.stringify(value['recordVersion'])}, which this engine does not know`
  }
  return value as unknown as PodRecord
}
