import type { ObjectMeta } from '../../api/generated/types.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import { podAddress, podAddresses } from '../addresses.ts'
import type { PodContext } from '../context.ts'

/** `metadata.labels['app.kubernetes.io/name']` */
const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/

/** Undefined: no such field. What is not known yet, such as an address, is empty, as in Kubernetes. */
export function fieldValue(path: string, pod: ObservedPod, context: PodContext): string | undefined {
  const { metadata, spec } = pod.record.pod
  const hosts = context.node.info?.addresses ?? []
  switch (path) {
    case 'spec.nodeName':
      return pod.record.node
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? spec.serviceAccount ?? 'default'
    case 'status.hostIP':
      return hosts[0] ?? ''
    case 'status.hostIPs':
      return hosts.join(',')
    case 'status.podIP':
      return podAddress(pod, context) ?? ''
    case 'status.podIPs':
      return podAddresses(pod, context).join(',')
    default:
      return metadataValue(path, metadata)
  }
}

/** What a file of a downwardAPI volume may hold: also all labels and all annotations, a line each. */
export function downwardValue(path: string, metadata: ObjectMeta): string | undefined {
  switch (path) {
    case 'metadata.labels':
      return mapText(metadata.labels ?? {})
    case 'metadata.annotations':
      return mapText(metadata.annotations ?? {})
    default:
      return metadataValue(path, metadata)
  }
}

function metadataValue(path: string, metadata: ObjectMeta): string | undefined {
  const subscript = SUBSCRIPT.exec(path)
  if (subscript !== null) {
    const [, map = '', key = ''] = subscript
    return (map === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? ''
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? ''
    case 'metadata.namespace':
      return metadata.namespace ?? 'default'
    case 'metadata.uid':
      return metadata.uid ?? ''
    default:
      return undefined
  }
}

/** `key="value"`, a line each, sorted: FormatMap in Kubernetes' pkg/fieldpath. */
function mapText(map: Readonly<Record<string, string>>): string {
  const keys = Object.keys(map).toSorted()
  return keys.map((key) => `${key}=${goQuoted(map[key] ?? '')}`).join('\n')
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** As Go's strconv.Quote: what cannot be printed is told by its number. */
function goQuoted(text: string): string {
  const inner = text.replaceAll(/["\\]|(?! )[\p{C}\p{Z}]/gu, (found) => {
    const code = found.codePointAt(0) ?? 0
    const known = GO_ESCAPES[found]
    if (known !== undefined) return known
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
    return code < 0x1_00_00
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`
  })
  return `"${inner}"`
}
