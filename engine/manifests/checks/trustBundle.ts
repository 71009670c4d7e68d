import type { ClusterTrustBundle } from '../../api/generated/types.ts'
import { certificatesOf } from '../../api/certificates.ts'
import { POD_SIGNER, POD_TRUST } from '../../api/podCertificates.ts'
import type { CheckContext } from '../context.ts'
import { qualifiedName } from './names.ts'

/** Source: pkg/apis/certificates/validation in Kubernetes. */
export function checkTrustBundle(context: CheckContext, bundle: ClusterTrustBundle): void {
  if (!context.sound(['spec']) || !context.sound(['metadata'])) return
  const { signerName = '', trustBundle } = bundle.spec
  checkName(context, bundle.metadata.name ?? '', signerName)
  const certificates = certificatesOf(trustBundle)
  if (certificates === undefined)
    context.error(['spec', 'trustBundle'], 'must be PEM blocks of CERTIFICATE and nothing else')
  else if (certificates.length === 0)
    context.error(['spec', 'trustBundle'], 'at least one trust anchor must be provided')
}

/** The name says whose bundle it is, so that nobody can give one in another's name. */
function checkName(context: CheckContext, name: string, signerName: string): void {
  if (name === POD_TRUST.metadata.name)
    return context.error(['metadata', 'name'], `is what ${POD_SIGNER} is known by here, and always there`)
  if (signerName === '') return
  const rule = signerName.includes('/')
    ? qualifiedName(signerName)
    : 'must be a DNS name and a name with a / between'
  if (rule !== undefined)
    return context.error(['spec', 'signerName'], `${JSON.stringify(signerName)} ${rule}`)
  const prefix = `${signerName.replace('/', ':')}:`
  if (!name.startsWith(prefix))
    context.error(
      ['metadata', 'name'],
      `the bundle of signer ${signerName} must be named with prefix ${prefix}`,
    )
}
