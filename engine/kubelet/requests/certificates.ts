import { CLUSTER_DOMAIN } from '../../api/clusterDns.ts'
import type { Pod, PodCertificateProjection, PodSpec, Service } from '../../api/generated/types.ts'
import { uidHash } from '../../api/names.ts'
import type { CertificateOrder } from '../../api/podCertificates.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Desired } from '../../api/snapshot.ts'
import { certificateLifetime, windowStartMs } from './credentials.ts'
import { hostNames } from './hostname.ts'
import { accountOf } from './tokens.ts'

/**
 * The certificate of now. As with tokens, which one that is follows from when the pod was made. It says whose pod this is, and which names lead to
 * it: all with the namespace in them, for by a short one a pod could stand for a Service of another namespace.
 */
export function certificateOrder(
  source: PodCertificateProjection,
  record: PodRecord,
  { objects }: Pick<Desired, 'objects'>,
  now: Temporal.Instant,
): CertificateOrder {
  const { metadata, spec } = record.pod
  const { name = '', namespace = 'default', uid = '' } = metadata
  const lifetime = certificateLifetime(source)
  const notBefore = Math.floor(windowStartMs(record, lifetime, now) / 1000)
  const { certificateChainPath = '', credentialBundlePath = '', keyPath = '', keyType } = source
  const services = servicesOf(objects).filter((service) => isBehind(record.pod, service))
  return {
    id: uidHash(uid, credentialBundlePath, keyPath, certificateChainPath, String(notBefore)),
    keyType,
    notBefore,
    notAfter: notBefore + lifetime.seconds,
    commonName: uid,
    uris: [`spiffe://${CLUSTER_DOMAIN}/ns/${namespace}/sa/${accountOf(spec)}`],
    dnsNames: [...ownName(spec, name, namespace), ...services.flatMap(serviceNames)],
  }
}

/** The name that a subdomain gives it. */
function ownName(spec: PodSpec, name: string, namespace: string): readonly string[] {
  if (!spec.subdomain) return []
  const names = hostNames({ ...spec, setHostnameAsFQDN: false }, name, namespace)
  return 'kind' in names ? [] : names.hostsNames.slice(0, 1)
}

function serviceNames({ metadata }: Service): readonly string[] {
  const short = `${metadata.name ?? ''}.${metadata.namespace ?? 'default'}`
  return [short, `${short}.svc`, `${short}.svc.${CLUSTER_DOMAIN}`]
}

function isBehind({ metadata }: Pod, service: Service): boolean {
  const selector = Object.entries(service.spec.selector ?? {})
  const namespace = service.metadata.namespace ?? 'default'
  if (selector.length === 0 || namespace !== (metadata.namespace ?? 'default')) return false
  return selector.every(([label, value]) => metadata.labels?.[label] === value)
}

const found = new WeakMap<Desired['objects'], readonly Service[]>()

/** By the commit's identity, sorted by name: it is looked through once, not for each pod. */
function servicesOf(objects: Desired['objects']): readonly Service[] {
  const known = found.get(objects)
  if (known !== undefined) return known
  const services = [...objects.values()]
    .flatMap(({ object }) => (object.kind === 'Service' ? [object] : []))
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  found.set(objects, services)
  return services
}
