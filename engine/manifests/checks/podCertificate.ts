import type { PodCertificateProjection } from '../../api/generated/types.ts'
import { POD_SIGNER } from '../../api/podCertificates.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { descendingPath } from './paths.ts'

export const CERTIFICATE_PATHS = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const

/** An hour to 91 days. Source: MinMaxExpirationSeconds and MaxMaxExpirationSeconds in Kubernetes' pkg/apis/certificates. */
const SECONDS = { least: 3600, most: 7_862_400 }

/** Source: validateProjectionSources in pkg/apis/core/validation. What annotations for a signer may be, it leaves to the signer. */
export function checkPodCertificate(
  context: CheckContext,
  path: Path,
  source: PodCertificateProjection,
): void {
  const { maxExpirationSeconds: seconds, signerName } = source
  if (signerName !== POD_SIGNER)
    context.error(
      [...path, 'signerName'],
      `${JSON.stringify(signerName)} signs nothing here: there is no API server by which it could be asked`,
      `use ${POD_SIGNER}, which is this engine, or put a certificate into a Secret`,
    )
  if (seconds !== undefined && seconds < SECONDS.least)
    context.error([...path, 'maxExpirationSeconds'], `must be at least ${SECONDS.least} seconds (1 hour)`)
  if (seconds !== undefined && seconds > SECONDS.most)
    context.error([...path, 'maxExpirationSeconds'], `must be at most ${SECONDS.most} seconds (91 days)`)
  const used = CERTIFICATE_PATHS.filter((field) => source[field])
  if (used.length === 0) context.error(path, `must have at least one of ${CERTIFICATE_PATHS.join(', ')}`)
  for (const field of used) {
    const rule = descendingPath(source[field] ?? '')
    if (rule !== undefined) context.error([...path, field], rule)
  }
}
