import type { ClusterTrustBundle, ClusterTrustBundleProjection } from './generated/types.ts'
import type { Labels } from './selectors.ts'
import { matchesSelector } from './selectors.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s*([A-Za-z0-9+/=\s]+?)-----END \1-----/g

/** The certificates of a PEM text, each as its base64 in one line. Undefined: there are other blocks, or what is no certificate at all. */
export function certificatesOf(pem: string): readonly string[] | undefined {
  const found: string[] = []
  for (const [, type, body = ''] of pem.matchAll(BLOCK)) {
    const base64 = body.replaceAll(/\s/g, '')
    if (type !== 'CERTIFICATE' || !isSequence(base64)) return undefined
    found.push(base64)
  }
  const rest = pem.replaceAll(BLOCK, '')
  return rest.includes('-----BEGIN') ? undefined : found
}

/** A certificate is a DER sequence; more is found out by whoever trusts it. */
function isSequence(base64: string): boolean {
  try {
    return Uint8Array.fromBase64(base64)[0] === 0x30
  } catch {
    return false
  }
}

/** Whether a projection takes this bundle: by name, or all of a signer whose labels match. */
export function isProjected(
  source: ClusterTrustBundleProjection,
  { metadata, spec }: ClusterTrustBundle,
): boolean {
  if (source.name !== undefined) return metadata.name === source.name
  const labels: Labels = metadata.labels ?? {}
  return (
    (spec.signerName ?? '') === (source.signerName ?? '') && matchesSelector(source.labelSelector, labels)
  )
}

/** All certificates of the bundles as one PEM text, each once, sorted: the same bundles give the same file. */
export function trustText(bundles: readonly ClusterTrustBundle[]): string {
  const certificates = new Set(bundles.flatMap(({ spec }) => certificatesOf(spec.trustBundle) ?? []))
  return [...certificates].sort().map(pemOf).join('')
}

function pemOf(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
