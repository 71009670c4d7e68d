import { certificatesOf } from '../api/certificates.ts'
import type { IngressTLS } from '../api/generated/types.ts'
import type { IngressCertificate } from '../api/ingress.ts'
import { keyParts, type ObjectKey } from '../api/names.ts'
import { Sealed } from '../api/sealed.ts'
import type { FoundIngress, IngressProblem } from './ingressRules.ts'

/** What a Secret has under a key, as text, and a hash of it; undefined: it has no such key. */
export interface TlsSecret {
  readonly text: (key: string) => string | undefined
  readonly hash: (key: string) => string
}

/** Undefined: there is no such Secret. */
export type SecretOf = (namespace: string, name: string) => TlsSecret | undefined

export interface IngressCertificates {
  readonly certificates: readonly IngressCertificate[]
  readonly problems: readonly IngressProblem[]
}

interface Draft {
  readonly secret: string
  readonly pem: Sealed
  readonly ingresses: Set<ObjectKey>
  readonly hosts: Set<string>
  ownNames: boolean
}

/** Oldest first: a host that two have a certificate for is shown the older one's. */
export function ingressCertificates(
  ingresses: readonly FoundIngress[],
  secretOf: SecretOf,
): IngressCertificates {
  const drafts = new Map<string, Draft>()
  const holders = new Map<string, { readonly draft: Draft; readonly ingress: ObjectKey }>()
  const problems: IngressProblem[] = []
  for (const { ingress, key } of ingresses) {
    for (const tls of ingress.spec?.tls ?? []) {
      const { namespace } = keyParts(key)
      const pem = pemOf(tls, namespace, secretOf)
      if (!(pem instanceof Sealed)) {
        problems.push({ ingress: key, ...pem })
        continue
      }
      const secret = `${namespace}/${tls.secretName ?? ''}`
      const draft = drafts.getOrInsertComputed(secret, () => {
        return { secret, pem, ingresses: new Set<ObjectKey>(), hosts: new Set<string>(), ownNames: false }
      })
      draft.ingresses.add(key)
      const hosts = (tls.hosts ?? []).map((host) => host.toLowerCase())
      if (hosts.length === 0) draft.ownNames = true
      for (const host of hosts) {
        const held = holders.getOrInsertComputed(host, () => ({ draft, ingress: key }))
        if (held.draft === draft) draft.hosts.add(host)
        else if (held.draft.pem.hash !== pem.hash)
          problems.push({ ingress: key, reason: 'Taken', message: takenText(host, held) })
      }
    }
  }
  return { certificates: finished([...drafts.values()]), problems }
}

function takenText(host: string, held: { readonly draft: Draft; readonly ingress: ObjectKey }): string {
  const { name, namespace } = keyParts(held.ingress)
  return `host ${host} is shown the certificate of Secret ${held.draft.secret}, which the older Ingress ${namespace}/${name} names`
}

function finished(drafts: readonly Draft[]): readonly IngressCertificate[] {
  const first = drafts.find(({ ownNames }) => ownNames)
  return drafts.map((draft) => ({
    secret: draft.secret,
    ingresses: [...draft.ingresses].toSorted(),
    hosts: [...draft.hosts].toSorted(),
    ownNames: draft.ownNames,
    isDefault: draft === first,
    pem: draft.pem,
  }))
}

type Refusal = Pick<IngressProblem, 'reason' | 'message'>

const CERTIFICATE = 'tls.crt'
const KEY = 'tls.key'

function pemOf({ secretName }: IngressTLS, namespace: string, secretOf: SecretOf): Sealed | Refusal {
  if (secretName === undefined || secretName === '')
    return {
      reason: 'SecretNotFound',
      message: 'tls names no Secret, and the proxy has no certificate of its own',
    }
  const label = `Secret ${namespace}/${secretName}`
  const secret = secretOf(namespace, secretName)
  if (secret === undefined) return { reason: 'SecretNotFound', message: `there is no ${label}` }
  const certificate = secret.text(CERTIFICATE)
  const key = secret.text(KEY)
  const invalid = (what: string): Refusal => ({ reason: 'InvalidCertificate', message: `${label}: ${what}` })
  if (certificate === undefined || key === undefined)
    return invalid(`it has no ${certificate === undefined ? CERTIFICATE : KEY}`)
  const found = certificatesOf(certificate)
  if (found === undefined || found.length === 0) return invalid(`${CERTIFICATE} is no certificate as PEM`)
  const problem = keyProblem(key)
  if (problem !== undefined) return invalid(`${KEY} ${problem}`)
  return new Sealed(
    `${certificate.trim()}\n${key.trim()}\n`,
    `${secret.hash(CERTIFICATE).slice(0, 16)}${secret.hash(KEY).slice(0, 16)}`,
  )
}

const KEY_BLOCK =
  /-----BEGIN ((?:[A-Z]+ )?)PRIVATE KEY-----\s*([A-Za-z0-9+/=\s]+?)-----END \1PRIVATE KEY-----/

/** Whether it fits the certificate is found out by the proxy. */
function keyProblem(pem: string): string | undefined {
  if (/ENCRYPTED/.test(pem)) return 'is encrypted, and nobody here knows the word'
  const body = KEY_BLOCK.exec(pem)?.[2]
  if (body === undefined) return 'is no private key as PEM'
  try {
    Uint8Array.fromBase64(body.replaceAll(/\s/g, ''))
    return undefined
  } catch {
    return 'is no private key as PEM: it is damaged'
  }
}
