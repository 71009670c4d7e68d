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

/** What somebody who knows the secret has to tell. */
export type WebhookNews =
  | { readonly kind: 'refused' }
  /** A forge tries the address, as it does when a webhook is set up. */
  | { readonly kind: 'ping' }
  /** `ref`: what was pushed to, such as refs/heads/main; absent where the sender does not say. */
  | { readonly kind: 'push'; readonly ref?: string }
  | { readonly kind: 'other' }

/** GitHub, Gitea, Forgejo and Gogs name what happened alike; GitLab in words of its own. Others say nothing. */
const EVENTS = [
  'x-forgejo-event',
  'x-gitea-event',
  'x-gogs-event',
  'x-github-event',
  'x-gitlab-event',
] as const
/** A branch or tag that comes or goes is no push to some of them. */
const PUSHES = new Set(['push', 'create', 'delete', 'push hook', 'tag push hook', 'system hook'])

export function readWebhook(request: WebhookRequest, secret: string): WebhookNews {
  if (!isAuthentic(request, secret)) return { kind: 'refused' }
  const event = EVENTS.map((name) => request.headers[name]).find((value) => typeof value === 'string')
  const name = typeof event === 'string' ? event.toLowerCase() : 'push'
  if (name === 'ping') return { kind: 'ping' }
  if (!PUSHES.has(name)) return { kind: 'other' }
  const ref = refOf(request.body)
  return { kind: 'push', ...(ref !== undefined && { ref }) }
}

/** Whether the branch that is followed may have moved. Where either is not known, it may. */
export function concerns(
  push: Extract<WebhookNews, { readonly kind: 'push' }>,
  branch: string | undefined,
): boolean {
  if (push.ref === undefined || branch === undefined) return true
  const short = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, '')
  return short(push.ref) === short(branch)
}

/** Of the JSON itself, or of the form that GitHub wraps it in when asked to. */
function refOf(body: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(body)
  const value = parseJson(
    text.startsWith('payload=') ? (new URLSearchParams(text).get('payload') ?? '') : text,
  )
  if (typeof value !== 'object' || value === null || !('ref' in value)) return undefined
  return typeof value.ref === 'string' && value.ref !== '' ? value.ref : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function hmac(text: string | Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
