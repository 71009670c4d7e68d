import { withDefaults } from '../api/defaults/objects.ts'
import type { Kind, KubernetesObject } from '../api/generated/types.ts'
import { type ObjectKey, objectKey } from '../api/names.ts'
import { checkObject } from './checks/objects.ts'
import { createContext } from './context.ts'
import { converted } from './conversions.ts'
import { fieldText, type Problem } from './diagnostics.ts'
import { kinds } from './generated/support.ts'
import * as validators from './generated/validators.js'
import { type Fields, identify } from './identity.ts'
import { type Reference, referencesOf } from './references.ts'
import { findSupportIssues } from './support.ts'
import { isStructural, pathOf, violationProblem } from './violations.ts'

export interface ReadObject {
  /** `Deployment prod/web`, as far as it is known. */
  readonly label?: string
  /** Known as soon as kind and name are, also of an object with errors: others may refer to it. */
  readonly key?: ObjectKey
  readonly problems: readonly Problem[]
  readonly references: readonly Reference[]
  /** Absent: there are errors among the problems. */
  readonly valid?: ValidObject
  /** Of a ConfigMap or a Secret. */
  readonly dataKeys?: readonly string[]
}

export interface ValidObject {
  readonly written: KubernetesObject
  readonly object: KubernetesObject
}

const DEFAULT_NAMESPACE = 'default'

export function readObject(written: Fields): ReadObject {
  const fields = converted(written)
  const identity = identify(fields)
  const names = namesOf(fields)
  if (identity.kind === 'problem') {
    const kind = typeof fields['kind'] === 'string' ? fields['kind'] : undefined
    return { ...labelled(kind, names), problems: [identity.problem], references: [] }
  }
  return readKnown(identity.known, fields, names)
}

/** Which object it is, for a document of which parts could not be read. */
export function nameObject(fields: Fields): ReadObject {
  const identity = identify(converted(fields))
  const names = namesOf(fields)
  if (identity.kind === 'problem') return { problems: [], references: [] }
  return { ...keyed(identity.known, names), problems: [], references: [] }
}

function readKnown(kind: Kind, fields: Fields, names: Names): ReadObject {
  const { namespaced } = kinds[kind]
  const namespace = namespaceOf(kind, names)
  const validate = validators[kind]
  const violations = validate(fields) ? [] : (validate.errors ?? [])
  const problems = violations.map((violation) => violationProblem(kind, fields, violation))
  for (const { path, severity, reason } of findSupportIssues(kind, fields)) {
    const message = severity === 'error' ? `not supported: ${reason}` : `has no effect: ${reason}`
    problems.push({ path, severity, message, atKey: path.length > 1 || path[0] !== 'kind' })
  }
  if (!namespaced && names.namespace !== undefined) {
    problems.push({
      path: ['metadata', 'namespace'],
      severity: 'error',
      message: `a ${kind} is in no namespace`,
      suggestion: 'leave it out',
    })
  }
  const broken = violations.filter(isStructural).map((violation) => pathOf(fields, violation.instancePath))
  // The schema has said which parts are not as their type promises; the checks are told and leave them alone.
  const object = withoutServerFields(fields, namespace) as unknown as KubernetesObject
  checkObject(createContext(problems, broken), object)
  return {
    ...keyed(kind, names),
    ...dataKeysOf(kind, fields),
    problems: oneAPlace(problems),
    references: broken.length === 0 ? referencesOf(object) : [],
    ...(!problems.some(isError) && { valid: { written: object, object: withDefaults(object) } }),
  }
}

function namespaceOf(kind: Kind, names: Names): string | undefined {
  return kinds[kind].namespaced ? (names.namespace ?? DEFAULT_NAMESPACE) : undefined
}

function keyed(kind: Kind, names: Names): Pick<ReadObject, 'key' | 'label'> {
  const namespace = namespaceOf(kind, names)
  const label = labelled(kind, { ...names, namespace })
  return names.name === undefined ? label : { ...label, key: objectKey(kind, namespace, names.name) }
}

interface Names {
  readonly name: string | undefined
  readonly namespace: string | undefined
}

function namesOf(fields: Fields): Names {
  const { metadata } = fields
  return { name: textIn(metadata, 'name'), namespace: textIn(metadata, 'namespace') }
}

function textIn(value: unknown, field: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const text: unknown = Object.getOwnPropertyDescriptor(value, field)?.value
  return typeof text === 'string' && text !== '' ? text : undefined
}

function labelled(kind: string | undefined, names: Names): { readonly label?: string } {
  if (kind === undefined) return {}
  const { name, namespace } = names
  if (name === undefined) return { label: kind }
  return { label: `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}` }
}

/** Written by an API server when the manifest was read from one: never desired, and said to have no effect. */
const SERVER_FIELDS = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
])

function withoutServerFields(fields: Fields, namespace: string | undefined): Fields {
  const { status: _, ...rest } = fields
  const { metadata } = fields
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return rest
  const kept = Object.entries(metadata).filter(([field]) => !SERVER_FIELDS.has(field))
  return { ...rest, metadata: { ...Object.fromEntries(kept), ...(namespace !== undefined && { namespace }) } }
}

function dataKeysOf(kind: Kind, fields: Fields): { readonly dataKeys?: readonly string[] } {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return {}
  const maps = [fields['data'], fields['binaryData'], fields['stringData']]
  return {
    dataKeys: maps.flatMap((map) => (typeof map === 'object' && map !== null ? Object.keys(map) : [])),
  }
}

/** One error for one place: what the schema says comes first, and a check may see the same again. */
function oneAPlace(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length < 2) return problems
  const seen = new Set<string>()
  return problems.filter((problem) => {
    const place = `${problem.severity} ${fieldText(problem.path)}`
    return seen.size < seen.add(place).size
  })
}

function isError(problem: { readonly severity: Problem['severity'] }): boolean {
  return problem.severity === 'error'
}
