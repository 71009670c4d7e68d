import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseListenAddress, type ListenAddress } from '../../daemon/address.ts'
import type { Daemon } from '../../daemon/daemonShape.ts'
import type { Logger } from '../../reconciler/logger.ts'
import { messageOf } from '../../reconciler/problems.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { UserError } from '../userError.ts'
import type { World } from '../world.ts'

/** What the command line says of answering over http. */
export interface HttpAsked {
  readonly address: ListenAddress
  /** Absent: no webhook is taken. */
  readonly secret: WebhookSecret | undefined
}

/** A file's content, which may change while the engine runs. */
export interface WebhookSecret {
  value(): string
  /** Throws when it cannot be read; the old one stays. */
  read(): void
}

/** systemd's LoadCredential= puts it there. */
const CREDENTIAL = 'webhook-secret'

/** Before anything is begun: throws a UserError for what is wrong. Undefined: nobody is to be answered. */
export function httpAsked(invocation: Invocation, world: World): HttpAsked | undefined {
  const listen = invocation.text('listen')
  const file = secretFile(invocation, world)
  if (listen === undefined) {
    if (invocation.text('webhook-secret-file') === undefined) return undefined
    throw usageError('--webhook-secret-file needs --listen, for webhooks come over http', invocation.command)
  }
  const address = parseListenAddress(listen)
  if (typeof address === 'string') throw usageError(`--listen: ${address}`, invocation.command)
  return { address, secret: file === undefined ? undefined : secretIn(file) }
}

function secretFile(invocation: Invocation, { cwd, environment }: World): string | undefined {
  const named = invocation.text('webhook-secret-file')
  if (named !== undefined) return resolve(cwd, named)
  const folder = environment['CREDENTIALS_DIRECTORY']
  return folder === undefined ? undefined : credentialIn(folder)
}

function credentialIn(folder: string): string | undefined {
  const path = join(folder, CREDENTIAL)
  try {
    readFileSync(path)
    return path
  } catch {
    // This service has been given others, or none.
    return undefined
  }
}

function secretIn(path: string): WebhookSecret {
  let secret = readSecret(path)
  return {
    value: () => secret,
    read: () => {
      secret = readSecret(path)
    },
  }
}

/** An empty one would let everybody in, and one that others may read whoever is on this machine. */
function readSecret(path: string): string {
  let text: string
  let mode: number
  try {
    text = readFileSync(path, 'utf8').trim()
    mode = statSync(path).mode & 0o777
  } catch (error) {
    throw new UserError(`reading the secret of webhooks: ${messageOf(error)}`)
  }
  if ((mode & 0o077) !== 0) {
    throw new UserError(
      `the secret of webhooks in ${path} is not its owner's alone (mode ${mode.toString(8)}): chmod 600 ${path}, and take another secret if somebody may have read it`,
    )
  }
  if (text === '')
    throw new UserError(
      `the secret of webhooks in ${path} is empty: head -c 32 /dev/urandom | base64 makes one`,
    )
  return text
}

/** Until it is disposed of. */
export async function serveHttp(
  daemon: Daemon,
  { address, secret }: HttpAsked,
  log: Logger,
  { clock }: World,
): Promise<AsyncDisposable> {
  // Only an engine that is to be asked needs what it takes to answer.
  const [{ serve }, { ListenError }] = await Promise.all([
    import('../../daemon/serve.ts'),
    import('../../daemon/listen.ts'),
  ])
  try {
    const secretNow = secret === undefined ? {} : { webhookSecret: () => secret.value() }
    return await serve(daemon, { address, clock, log, ...secretNow })
  } catch (error) {
    if (error instanceof ListenError) throw new UserError(error.message)
    throw error
  }
}
