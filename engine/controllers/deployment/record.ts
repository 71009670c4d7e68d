import type { Deployment } from '../../api/generated/types.ts'
import type { ObjectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { ControllerContext } from '../decision.ts'
import { memoryOf, memoryRecord, type ObjectMemory } from '../memory.ts'
import { REVISION } from '../replicaset/sets.ts'

/** What the engine remembers of a Deployment. */
export interface DeploymentMemory extends ObjectMemory {
  readonly revision: number
}

/** `ownerUid`: what the Deployment's sets say, should its own record be lost. */
export function deploymentMemory(
  key: ObjectKey,
  written: Deployment,
  record: ObjectRecord | undefined,
  ownerUid: string | undefined,
  context: ControllerContext,
): DeploymentMemory {
  const revision = Number(record?.object.metadata.annotations?.[REVISION] ?? 0)
  return { ...memoryOf(key, written, record, ownerUid, context), revision }
}

/** Undefined when the record holds this already. */
export function deploymentRecord(
  key: ObjectKey,
  memory: DeploymentMemory,
  record: ObjectRecord | undefined,
  context: ControllerContext,
): ObjectRecord | undefined {
  const annotations = { [REVISION]: String(memory.revision) }
  const remembered = { apiVersion: 'apps/v1', kind: 'Deployment', memory, annotations } as const
  return memoryRecord(key, remembered, record, context)
}
