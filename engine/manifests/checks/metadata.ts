import type { Kind, ObjectMeta } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { dns1035Label, dnsLabel, dnsSubdomain, labelValue, type NameRule, qualifiedName } from './names.ts'

/** All annotations of an object together, as in Kubernetes. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024
/** What the controller appends to a CronJob's name has 11 characters, and a Job's name may have 63. */
const CRON_JOB_NAME_MAX = 52

const NAME_RULES: Partial<Readonly<Record<Kind, NameRule>>> = {
  Cluster: dnsLabel,
  // With a signer in it, as example.com:signer:name.
  ClusterTrustBundle: (name) =>
    /^[^/%]+$/.test(name) && name !== '.' && name !== '..' ? undefined : "must hold neither '/' nor '%'",
  CronJob: (name) =>
    name.length > CRON_JOB_NAME_MAX
      ? `must be no more than ${CRON_JOB_NAME_MAX} characters`
      : dnsSubdomain(name),
  Namespace: dnsLabel,
  Service: dns1035Label,
}

export function checkMetadata(context: CheckContext, kind: Kind, metadata: ObjectMeta): void {
  const path = ['metadata']
  if (!context.intact(path)) return
  const { name, namespace } = metadata
  if (name === undefined) {
    if (metadata.generateName === undefined) context.error(['metadata', 'name'], 'required field is missing')
  } else if (typeof name === 'string') {
    const rule = (NAME_RULES[kind] ?? dnsSubdomain)(name)
    if (rule !== undefined) context.error(['metadata', 'name'], `${JSON.stringify(name)} ${rule}`)
  }
  if (typeof namespace === 'string' && namespace !== '') {
    const rule = dnsLabel(namespace)
    if (rule !== undefined) context.error(['metadata', 'namespace'], `${JSON.stringify(namespace)} ${rule}`)
  }
  checkLabels(context, ['metadata', 'labels'], metadata.labels)
  checkAnnotations(context, ['metadata', 'annotations'], metadata.annotations)
}

type Texts = Readonly<Record<string, string>>

export function checkLabels(context: CheckContext, path: Path, labels: Texts | undefined): void {
  if (labels === undefined || !context.intact(path)) return
  for (const [key, value] of Object.entries(labels)) {
    const ofKey = qualifiedName(key)
    if (ofKey !== undefined) context.error([...path, key], `the key ${JSON.stringify(key)} ${ofKey}`)
    const ofValue = typeof value === 'string' ? labelValue(value) : undefined
    if (ofValue !== undefined) context.error([...path, key], `${JSON.stringify(value)} ${ofValue}`)
  }
}

export function checkAnnotations(context: CheckContext, path: Path, annotations: Texts | undefined): void {
  if (annotations === undefined || !context.intact(path)) return
  let size = 0
  for (const [key, value] of Object.entries(annotations)) {
    // Kubernetes compares the keys of annotations without regard to case.
    const ofKey = qualifiedName(key.toLowerCase())
    if (ofKey !== undefined) context.error([...path, key], `the key ${JSON.stringify(key)} ${ofKey}`)
    size += key.length + value.length
  }
  if (size > ANNOTATIONS_BYTES_MAX) {
    context.error(path, `annotations must be no more than ${ANNOTATIONS_BYTES_MAX} bytes together`)
  }
}
