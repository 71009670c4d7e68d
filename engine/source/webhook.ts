import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a webhook's sender says of itself. */
export interface WebhookRequest {
  /** Names in lower case, as node:http has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** As it came over the wire: what is signed is the bytes. */
  readonly body: Uint8Array
}

/**
 * Where the HMAC-SHA-256 of the body stands: GitHub's (and Gitea's, Forgejo's and most others') `sha256=<hex>`, Gitea's, Gogs' and
 * Forgejo's own in plain hexadecimal. https://docs.github.com/webhooks, https://docs.gitea.com/usage/webhooks
 */
const SIGNATURES = [
  'x-hub-signature-256',
  'x-forgejo-signature',
  'x-gitea-signature',
  'x-gogs-signature',
  'x-signature-256',
] as const

/** GitLab sends the secret itself. https://docs.gitlab.com/user/project/integrations/webhooks/ */
const TOKEN = 'x-gitlab-token'

/** Whether the sender knows the secret. How long the answer takes tells nothing of it. */
export function isAuthentic({ body, headers }: WebhookRequest, secret: string): boolean {
  if (secret === '') return false
  for (const name of SIGNATURES) {
    const given = headers[name]
    if (typeof given === 'string')
      return isSame(given.replace(/^sha256=/, '').toLowerCase(), hmac(body, secret))
  }
  const token = headers[TOKEN]
  return typeof token === 'string' && isSame(hmac(token, secret), hmac(secret, secret))
}

function hmac(text: string | Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
