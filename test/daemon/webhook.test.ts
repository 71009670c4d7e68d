import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BODY_BYTES_MAX } from '../../engine/daemon/http.ts'
import { listen, type Listening, type ListenOptions } from '../../engine/daemon/listen.ts'

const SECRET = 'the secret of the tests'

let listening: Listening | undefined
let nudges = 0

beforeEach(() => {
  nudges = 0
})

afterEach(async () => {
  await listening?.[Symbol.asyncDispose]()
  listening = undefined
})

async function started(more: Partial<ListenOptions> = {}): Promise<Listening> {
  listening = await listen({
    address: { host: '127.0.0.1', port: 0 },
    metrics: async () => '',
    health: { live: () => undefined, ready: () => undefined },
    webhook: { secret: () => SECRET, branch: () => 'main', nudge: () => (nudges += 1) },
    log: () => undefined,
    ...more,
  })
  return listening
}

function hmac(body: string): string {
  return createHmac('sha256', SECRET).update(body).digest('hex')
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function post({ port }: Listening, { body, headers }: Sent): Promise<readonly [number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', headers, body })
  return [response.status, await response.text()]
}

const MAIN = '{"ref":"refs/heads/main","after":"c0ffee"}'
const OTHER = '{"ref":"refs/heads/other","after":"c0ffee"}'
const FORM = `payload=${encodeURIComponent(MAIN)}`

function github(event: string, body: string): Sent {
  return { body, headers: { 'x-github-event': event, 'x-hub-signature-256': `sha256=${hmac(body)}` } }
}

/** Gitea and Forgejo send GitHub's headers beside their own. */
function gitea(name: 'gitea' | 'forgejo' | 'gogs', event: string, body: string): Sent {
  return {
    body,
    headers: {
      ...github(event, body).headers,
      [`x-${name}-event`]: event,
      [`x-${name}-signature`]: hmac(body),
    },
  }
}

function gitlab(event: string, body: string): Sent {
  return { body, headers: { 'x-gitlab-event': event, 'x-gitlab-token': SECRET } }
}

const LOOKING = [202, 'looking at the repository\n'] as const
const ELSEWHERE = [202, 'nothing to do: another branch is followed\n'] as const
const NO_PUSH = [202, 'nothing to do: this is no push\n'] as const
const PONG = [200, 'pong\n'] as const

test.for([
  ['a push of GitHub', github('push', MAIN), LOOKING],
  ['a push of GitHub as a form', github('push', FORM), LOOKING],
  ['a push of GitHub to another branch', github('push', OTHER), ELSEWHERE],
  ['a ping of GitHub', github('ping', '{"zen":"Keep it logically awesome."}'), PONG],
  ['an issue of GitHub', github('issues', '{"action":"opened"}'), NO_PUSH],
  ['a branch that GitHub says was made', github('create', '{"ref":"main","ref_type":"branch"}'), LOOKING],
  ['a push of GitLab', gitlab('Push Hook', MAIN), LOOKING],
  ['a push of GitLab to another branch', gitlab('Push Hook', OTHER), ELSEWHERE],
  ['a tag of GitLab', gitlab('Tag Push Hook', '{"ref":"refs/tags/v1"}'), ELSEWHERE],
  ['a system hook of GitLab', gitlab('System Hook', '{"event_name":"repository_update"}'), LOOKING],
  ['a pipeline of GitLab', gitlab('Pipeline Hook', '{"ref":"main"}'), NO_PUSH],
  ['a push of Gitea', gitea('gitea', 'push', MAIN), LOOKING],
  ['a push of Gitea to another branch', gitea('gitea', 'push', OTHER), ELSEWHERE],
  ['a push of Forgejo', gitea('forgejo', 'push', MAIN), LOOKING],
  ['a release of Forgejo', gitea('forgejo', 'release', '{}'), NO_PUSH],
  ['a push of Gogs', gitea('gogs', 'push', MAIN), LOOKING],
  [
    'anybody who signs',
    { body: 'come and look', headers: { 'x-signature-256': `sha256=${hmac('come and look')}` } },
    LOOKING,
  ],
  ['anybody who signs nothing', { body: '', headers: { 'x-signature-256': hmac('') } }, LOOKING],
] as const)('%s is understood', async ([, sent, expected]) => {
  expect(await post(await started(), sent)).toEqual(expected)
  expect(nudges).toBe(expected === LOOKING ? 1 : 0)
})

test('where the branch is whatever the repository’s is, every push is of interest', async () => {
  const webhook = { secret: () => SECRET, branch: () => undefined, nudge: () => (nudges += 1) }
  expect(await post(await started({ webhook }), github('push', OTHER))).toEqual(LOOKING)
})

test.for([
  ['no signature', {}],
  ['a wrong signature', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
  ['a signature of another body', { 'x-gitea-signature': hmac(OTHER) }],
  ['a wrong token', { 'x-gitlab-token': `${SECRET}!` }],
  ['a ping that is not signed', { 'x-github-event': 'ping' }],
] as const)('with %s nobody is told anything', async ([, headers]) => {
  expect(await post(await started(), { body: MAIN, headers })).toEqual([401, 'unauthorized\n'])
  expect(nudges).toBe(0)
})

test('a secret that is changed is the one that counts from then on', async () => {
  let secret = 'old'
  const webhook = { secret: () => secret, branch: () => 'main', nudge: () => (nudges += 1) }
  const server = await started({ webhook })
  expect((await post(server, github('push', MAIN)))[0]).toBe(401)
  secret = SECRET
  expect((await post(server, github('push', MAIN)))[0]).toBe(202)
})

test('only POST is taken', async () => {
  const { port } = await started()
  const response = await fetch(`http://127.0.0.1:${port}/webhook`)
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

async function raw({ port }: Listening, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

async function statusOf(socket: Socket): Promise<string> {
  let text = ''
  while (!text.includes('\r\n')) {
    const part: unknown = (await Promise.race([once(socket, 'data'), once(socket, 'close')]))[0]
    if (!Buffer.isBuffer(part)) throw new Error(`the connection was closed after ${JSON.stringify(text)}`)
    text += part.toString()
  }
  return text.split('\r\n')[0] ?? ''
}

const HEAD = 'POST /webhook HTTP/1.1\r\nhost: x\r\n'

test('a body that is too large is refused before it is sent', async () => {
  const socket = await raw(await started(), `${HEAD}content-length: ${BODY_BYTES_MAX + 1}\r\n\r\n`)
  expect(await statusOf(socket)).toBe('HTTP/1.1 413 Payload Too Large')
})

test('a body that does not say how large it is is refused once it is too large', async () => {
  const socket = await raw(await started(), `${HEAD}transfer-encoding: chunked\r\n\r\n`)
  socket.write(`${(BODY_BYTES_MAX + 1).toString(16)}\r\n`)
  socket.write(Buffer.alloc(BODY_BYTES_MAX + 1))
  expect(await statusOf(socket)).toBe('HTTP/1.1 413 Payload Too Large')
})

test('a body of just the size that there may be is read', async () => {
  const body = 'x'.repeat(BODY_BYTES_MAX)
  expect(await post(await started(), github('push', body))).toEqual(LOOKING)
})

test('whoever takes forever to send a body is let go of', async () => {
  const server = await started({ limits: { headersMs: 50, requestMs: 100 } })
  const socket = await raw(server, `${HEAD}content-length: 10\r\n\r\nabc`)
  expect(await statusOf(socket)).toMatch(/^HTTP\/1.1 (408|400)/)
})

test('no more bodies are read at one time than there may be', async () => {
  const server = await started({ limits: { webhooksAtOnceMax: 1 } })
  const body = MAIN
  const slow = await raw(
    server,
    `${HEAD}content-length: ${body.length}\r\nx-gitea-signature: ${hmac(body)}\r\nexpect: 100-continue\r\n\r\n`,
  )
  // From here on its body is waited for.
  expect(await statusOf(slow)).toBe('HTTP/1.1 100 Continue')
  expect(await post(server, github('push', MAIN))).toEqual([503, 'busy\n'])
  slow.write(body)
  expect(await statusOf(slow)).toBe('HTTP/1.1 202 Accepted')
  expect(await post(server, github('push', MAIN))).toEqual(LOOKING)
})

test('whoever asks too often is put off, and believes nothing of it', async () => {
  const server = await started({ limits: { webhooksBurst: 2, webhooksPerSecond: 0 } })
  const wrong = { body: MAIN, headers: {} }
  expect((await post(server, wrong))[0]).toBe(401)
  expect((await post(server, wrong))[0]).toBe(401)
  expect(await post(server, wrong)).toEqual([429, 'too many requests\n'])
})

test('each request is told of with the status that it was answered with', async () => {
  const statuses: number[] = []
  const webhook = {
    secret: () => SECRET,
    branch: () => 'main',
    nudge: () => (nudges += 1),
    answered: (status: number) => statuses.push(status),
  }
  const server = await started({ webhook, limits: { webhooksBurst: 4, webhooksPerSecond: 0 } })
  await post(server, github('push', MAIN))
  await post(server, github('ping', '{}'))
  await post(server, { body: MAIN, headers: {} })
  await statusOf(await raw(server, `${HEAD}content-length: ${BODY_BYTES_MAX + 1}\r\n\r\n`))
  await post(server, github('push', MAIN))
  expect(statuses).toEqual([202, 200, 401, 413, 429])
})
