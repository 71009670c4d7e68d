import { concerns, readWebhook, type WebhookRequest } from '../source/webhook.ts'
import { type Answer, plain } from './http.ts'

export interface WebhookOptions {
  /** As it is now: it may have been read again. */
  readonly secret: () => string
  /** The branch that is followed; undefined: whatever the repository's HEAD is. */
  readonly branch: () => string | undefined
  /** Look at the repository now. */
  readonly nudge: () => void
  /** A request was answered with this status, those of strangers among them. */
  readonly answered?: (status: number) => void
}

/** Who does not know the secret learns nothing, not even what was wrong. */
export function answerWebhook(request: WebhookRequest, { branch, nudge, secret }: WebhookOptions): Answer {
  const news = readWebhook(request, secret())
  switch (news.kind) {
    case 'refused':
      return plain(401, 'unauthorized')
    case 'ping':
      return plain(200, 'pong')
    case 'other':
      return plain(202, 'nothing to do: this is no push')
    case 'push':
      if (!concerns(news, branch())) return plain(202, 'nothing to do: another branch is followed')
      nudge()
      return plain(202, 'looking at the repository')
    default:
      return news satisfies never
  }
}
