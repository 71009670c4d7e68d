import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A body that is not to be had; the client is told why. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Forges send some hundred kilobytes for a push of many commits; GitHub stops at 25 MB, and nothing of that is needed here. */
export const BODY_BYTES_MAX = 1024 * 1024

export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: 'text/plain; charset=utf-8', text: `${text}\n`, headers }
}

/** Rejects with BodyError when it is too large, or cut off; how long it may take is the server's to bound. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = (): BodyError => new BodyError(413, `a body has at most ${BODY_BYTES_MAX} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw tooLarge()
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of request) {
      if (!Buffer.isBuffer(part)) continue
      bytes += part.length
      if (bytes > BODY_BYTES_MAX) throw tooLarge()
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof BodyError) throw error
    throw new BodyError(400, 'the body was cut off')
  }
  return Buffer.concat(parts)
}

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return
  const body = Buffer.from(answer.text)
  // What was not read of the request would be taken for the next one.
  const close = request.complete ? {} : { connection: 'close' }
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...close,
    ...answer.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
