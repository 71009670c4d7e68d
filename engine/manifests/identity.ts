import type { Kind } from '../api/generated/types.ts'
import type { Problem } from './diagnostics.ts'
import { kinds } from './generated/support.ts'
import { otherKinds } from './otherKinds.ts'
import { didYouMean } from './suggestions.ts'
import { isKind } from './support.ts'

export type Fields = Readonly<Record<string, unknown>>

export type Identity =
  | { readonly kind: 'known'; readonly known: Kind }
  | { readonly kind: 'problem'; readonly problem: Problem }

/** Groups that Kubernetes once served these kinds in. */
const OLD_GROUPS = new Set(['extensions'])

const KNOWN_KINDS = Object.keys(kinds)
const GROUPS = new Set([
  ...Object.values(kinds).map((info) => groupOf(info.apiVersion)),
  ...[...otherKinds.values()].map((other) => other.group),
  ...OLD_GROUPS,
])

/** Which of our kinds an object is, by its `apiVersion` and `kind`, or why it is none. */
export function identify(object: Fields): Identity {
  const { apiVersion, kind } = object
  if (kind === undefined && apiVersion === undefined) return strange(object)
  if (typeof kind !== 'string') return missing(kind, 'kind', 'such as kind: Pod')
  if (typeof apiVersion !== 'string') {
    const version = isKind(kind) ? `for a ${kind}: ${kinds[kind].apiVersion}` : 'such as apiVersion: v1'
    return missing(apiVersion, 'apiVersion', version)
  }
  if (isKind(kind)) return knownKind(kind, apiVersion)
  return { kind: 'problem', problem: unknownKind(kind, apiVersion) }
}

function knownKind(kind: Kind, apiVersion: string): Identity {
  const right = kinds[kind].apiVersion
  if (apiVersion === right) return { kind: 'known', known: kind }
  if (!GROUPS.has(groupOf(apiVersion))) return { kind: 'problem', problem: unknownKind(kind, apiVersion) }
  const message = `there is no ${kind} in apiVersion ${JSON.stringify(apiVersion)}`
  return issue(['apiVersion'], message, `write ${right}`)
}

function unknownKind(kind: string, apiVersion: string): Problem {
  const group = groupOf(apiVersion)
  if (group === 'kustomize.config.k8s.io') {
    return problem(['kind'], 'kustomizations are not built here', 'commit what `kustomize build` prints')
  }
  const other = otherKinds.get(kind)
  if (other !== undefined && (other.group === group || GROUPS.has(group))) {
    return problem(['kind'], `the kind ${kind} is not supported: ${other.reason}`)
  }
  if (GROUPS.has(group)) {
    const { suggestion } = didYouMean(kind, [...KNOWN_KINDS, ...otherKinds.keys()])
    return problem(['kind'], `there is no kind ${JSON.stringify(kind)} in ${apiVersion}`, suggestion)
  }
  const message = `the kind ${kind} of ${apiVersion} is not supported: there is no API server to extend with kinds of one's own`
  return problem(['kind'], message)
}

/** Neither kind nor apiVersion: some other YAML file that happens to lie here. */
function strange(object: Fields): Identity {
  const leaveOut = 'leave the file out with .reconcileignore if it is no manifest'
  if ('resources' in object || 'patches' in object || 'configMapGenerator' in object) {
    return issue(
      [],
      'this is no Kubernetes object but looks like a kustomization',
      `commit what \`kustomize build\` prints; ${leaveOut}`,
    )
  }
  return issue([], 'this is no Kubernetes object: it has neither apiVersion nor kind', leaveOut)
}

function missing(value: unknown, field: string, example: string): Identity {
  const message = value === undefined ? `required field ${field} is missing` : 'must be text'
  return issue(value === undefined ? [] : [field], message, example)
}

function issue(path: readonly string[], message: string, suggestion?: string): Identity {
  return { kind: 'problem', problem: problem(path, message, suggestion) }
}

function problem(path: readonly string[], message: string, suggestion?: string): Problem {
  return { path, severity: 'error', message, ...(suggestion !== undefined && { suggestion }) }
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}
