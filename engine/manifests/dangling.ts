import { keyParts, objectKey } from '../api/names.ts'
import { SYSTEM_PRIORITIES } from '../api/priorities.ts'
import { kinds } from './generated/support.ts'
import type { Reference } from './references.ts'
import type { Finding, Index, Standing } from './standing.ts'
import { nearest } from './suggestions.ts'

/** `isAlone`: some manifests on their own, so that what they refer to may well exist elsewhere. */
export function dangling(standings: readonly Standing[], index: Index, isAlone: boolean): readonly Finding[] {
  return standings.flatMap((standing) => {
    const { key, references } = standing.placed.read
    if (key === undefined || references.length === 0) return []
    const { namespace } = keyParts(key)
    return references.flatMap((reference) => {
      const missing = missingText(reference, namespace, index)
      if (missing === undefined) return []
      const severity = isAlone || reference.dispensable ? 'warning' : 'error'
      return [{ standing, path: reference.path, severity, ...missing } as const]
    })
  })
}

/** Why a reference leads nowhere; undefined when it does not, or when it does only because its object is missing. */
function missingText(
  reference: Reference,
  ofReferrer: string,
  index: Index,
): { readonly message: string; readonly suggestion?: string } | undefined {
  const { key, kind, name } = reference
  const namespace = kinds[kind].namespaced ? ofReferrer : ''
  const label = namespace === '' ? name : `${namespace}/${name}`
  const target = index.get(objectKey(kind, namespace, name))
  if (target === undefined) {
    if (key !== undefined || isBuiltIn(reference) || isMadeClaim(reference, namespace, index))
      return undefined
    const meant = nearest(name, namesOf(kind, namespace, index))
    return {
      message: `there is no ${kind} ${label}`,
      suggestion: meant === undefined ? remedyOf(reference) : `did you mean ${meant}?`,
    }
  }
  const keys = target.placed.read.dataKeys
  if (key === undefined || keys === undefined || keys.includes(key)) return undefined
  const meant = nearest(key, keys)
  return {
    message: `${kind} ${label} has no key ${JSON.stringify(key)}`,
    ...(meant !== undefined && { suggestion: `did you mean ${meant}?` }),
  }
}

/** What every Kubernetes has by itself. */
function isBuiltIn({ kind, name }: Reference): boolean {
  if (kind === 'PriorityClass') return SYSTEM_PRIORITIES.has(name)
  return kind === 'ServiceAccount' && name === 'default'
}

/** `data-db-0`: a claim that a StatefulSet of the commit makes, or has made, for one of its pods. */
function isMadeClaim({ kind, name }: Reference, namespace: string, index: Index): boolean {
  const parts = /^(.+)-\d+$/.exec(name)
  if (kind !== 'PersistentVolumeClaim' || parts === null) return false
  return [...index.values()].some(({ placed }) => {
    const object = placed.read.valid?.object
    if (object?.kind !== 'StatefulSet' || (object.metadata.namespace ?? 'default') !== namespace) return false
    const templates = object.spec.volumeClaimTemplates ?? []
    return templates.some(({ metadata }) => `${metadata?.name}-${object.metadata.name}` === parts[1])
  })
}

function remedyOf({ dispensable, kind }: Reference): string {
  const mayBeOptional = kind === 'ConfigMap' || kind === 'Secret' || kind === 'ClusterTrustBundle'
  return dispensable || !mayBeOptional ? 'add it' : 'add it, or mark the reference as optional'
}

function namesOf(kind: string, namespace: string, index: Index): readonly string[] {
  const names = [...index.keys()].map(keyParts)
  const inCommit = names.filter((one) => one.kind === kind && one.namespace === namespace)
  const builtIn = kind === 'PriorityClass' ? [...SYSTEM_PRIORITIES.keys()] : []
  return [...inCommit.map((one) => one.name), ...builtIn]
}
