import { canonicalJson } from '../api/canonical.ts'
import type { Deployment, DeploymentCondition, DeploymentSpec } from '../api/generated/types.ts'
import { keyParts, nameHash, type ObjectKey, uidHash } from '../api/names.ts'
import { type ObjectRecord, RECORD_VERSION } from '../api/records.ts'
import { type ControllerContext, timestamp } from './decision.ts'
import { memoised } from './memo.ts'
import { REVISION } from './sets.ts'

/** Tells whether the written spec is another one than before, so that `generation` can count as an API server counts it. */
const SPEC_HASH = 'reconcile.dev/spec-hash'

/** What the engine remembers of a Deployment whose spec is in Git. */
export interface DeploymentMemory {
  readonly uid: string
  readonly created: string
  readonly generation: number
  readonly revision: number
  readonly conditions: readonly DeploymentCondition[]
  readonly specHash: string
}

const hashOf = memoised((spec: DeploymentSpec): string => nameHash(10, canonicalJson(spec)))

/** `ownerUid`: what the Deployment's sets say, should its own record be lost. */
export function memoryOf(
  key: ObjectKey,
  written: Deployment,
  record: ObjectRecord | undefined,
  ownerUid: string | undefined,
  context: ControllerContext,
): DeploymentMemory {
  const specHash = hashOf(written.spec)
  const metadata = record?.object.metadata
  const created = metadata?.creationTimestamp ?? timestamp(context.now)
  const sameSpec = metadata?.annotations?.[SPEC_HASH] === specHash
  return {
    uid: metadata?.uid ?? ownerUid ?? uidHash(key, created),
    created,
    generation: (metadata?.generation ?? 0) + (sameSpec ? 0 : 1),
    revision: Number(metadata?.annotations?.[REVISION] ?? 0),
    conditions: conditionsOf(record?.object.status),
    specHash,
  }
}

function conditionsOf(status: unknown): readonly DeploymentCondition[] {
  if (typeof status !== 'object' || status === null || !('conditions' in status)) return []
  return Array.isArray(status.conditions) ? status.conditions.filter(isCondition) : []
}

function isCondition(value: unknown): value is DeploymentCondition {
  return typeof value === 'object' && value !== null && 'type' in value && 'status' in value
}

/** Undefined when the record holds this already. Progress within a rollout is seen from the pods, and so not written. */
export function memoryRecord(
  key: ObjectKey,
  memory: DeploymentMemory,
  record: ObjectRecord | undefined,
  context: ControllerContext,
): ObjectRecord | undefined {
  const { namespace, name } = keyParts(key)
  const { uid, created, generation, revision, conditions, specHash } = memory
  const known = record?.object
  if (
    known?.metadata.annotations?.[SPEC_HASH] === specHash &&
    known.metadata.annotations[REVISION] === String(revision) &&
    sameConditions(conditionsOf(known.status), conditions)
  )
    return undefined
  return {
    recordVersion: RECORD_VERSION,
    generation: (record?.generation ?? 0) + 1,
    key,
    commit: context.commit,
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name,
        namespace,
        uid,
        creationTimestamp: created,
        generation,
        annotations: { [REVISION]: String(revision), [SPEC_HASH]: specHash },
      },
      status: { observedGeneration: generation, conditions },
    },
  }
}

function sameConditions(a: readonly DeploymentCondition[], b: readonly DeploymentCondition[]): boolean {
  return (
    a.length === b.length &&
    a.every((condition, index) => {
      const other = b[index]
      return (
        condition.type === other?.type &&
        condition.status === other.status &&
        condition.reason === other.reason &&
        condition.message === other.message
      )
    })
  )
}
