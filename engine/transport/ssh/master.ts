import { execa } from 'execa'
import { dirname } from 'node:path'
import { inSharedFolder } from '../sharedFolder.ts'
import { TransportError } from '../transport.ts'
import { type AccountRoot, AGAIN } from './account.ts'
import { addressArguments, type SshAddress } from './address.ts'
import { destination, whyText } from './why.ts'

/** How long a host may take to answer a connection at all. */
export const CONNECT_TIMEOUT_S = 10
/** From a connection to the first word of the other end: names that are looked up, an account's rc files. */
const GREETING_TIMEOUT_MS = 30_000
/** An account's rc files may say something first, but not without end. */
const HEARD_LETTERS_MAX = 1024 * 1024
/** A connection that is cut is known to be so within 15 s. */
const ALIVE_EVERY_S = 5
const ALIVE_MISSED_MAX = 3
/** A path of a socket has 107 bytes, and ssh makes a temporary name of 17 more. */
const CONTROL_PATH_BYTES_MAX = 90
const STDERR_LETTERS_MAX = 4_000
/** From the end of its input to cutting the other end off: it may be gone, or have somebody's terminal open. */
const END_WAIT_MS = 2_000

export interface SshOptions {
  readonly address: SshAddress
  /** What the names of the masters' sockets begin with, in a folder that is root's alone, on a tmpfs. Each ssh takes its own away. */
  readonly control: string
  /** What the user's own ssh would have: HOME, PATH, SSH_AUTH_SOCK. */
  readonly environment: Readonly<Record<string, string>>
  /** For an account that is not root: it works in namespaces of its own. Absent: it works as what it is. */
  readonly account?: AccountRoot
  /** How long a file may be waited for. Absent: a minute. */
  readonly answerTimeoutMs?: number
}

/** One connection to a machine, whose further sessions need no handshake. It lives as long as its first session. */
export interface Master extends AsyncDisposable {
  /** The first session: its program speaks over stdin and stdout. */
  readonly child: SshProcess
  /** Why it ended, in ssh's own words, and what to do about it. */
  why(): TransportError
  /** Arguments of ssh for another session of this connection, and never of another one. */
  session(): readonly string[]
}

export type SshProcess = ReturnType<typeof startSsh>

function startSsh(args: readonly string[], env: Readonly<Record<string, string>>) {
  return execa('ssh', args, {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    encoding: 'buffer',
    extendEnv: false,
    env,
    // Ctrl-C on the engine's terminal must not cut off what is under way; the end of the engine closes stdin, which ends it.
    detached: true,
    cleanup: false,
  })
}

let masters = 0

/** Connects, and starts a program there whose text is given; resolves when the program has said that it is ready. */
export async function openMaster(options: SshOptions, program: string, signal: AbortSignal): Promise<Master> {
  return await inSharedFolder(dirname(options.control), async () => await connect(options, program, signal))
}

async function connect(options: SshOptions, program: string, signal: AbortSignal): Promise<Master> {
  signal.throwIfAborted()
  const { address, environment } = options
  masters += 1
  const control = `${options.control}-${process.pid}-${masters}`
  if (Buffer.byteLength(control) > CONTROL_PATH_BYTES_MAX)
    throw new TransportError(`connecting to ${address.text}: ${control} is too long for a socket's path`)
  const child = startSsh(masterArguments(address, control), environment)
  const master = new TheMaster(child, address, control)
  try {
    await master.greeted(program, signal)
  } catch (error) {
    await master[Symbol.asyncDispose]()
    throw error
  }
  return master
}

/** Everything else is as the user's ~/.ssh/config has it: keys, agents, ProxyJump, which hosts are trusted. */
function masterArguments(address: SshAddress, control: string): readonly string[] {
  return [
    ...['-M', '-S', control, '-T'],
    ...option('ControlPersist', 'no'),
    // Nobody is there to be asked; a host that is not known is refused, unless the user's configuration says otherwise.
    ...option('BatchMode', 'yes'),
    ...option('ConnectTimeout', String(CONNECT_TIMEOUT_S)),
    ...option('ServerAliveInterval', String(ALIVE_EVERY_S)),
    ...option('ServerAliveCountMax', String(ALIVE_MISSED_MAX)),
    ...option('ClearAllForwardings', 'yes'),
    ...option('ForwardAgent', 'no'),
    ...option('PermitLocalCommand', 'no'),
    ...option('RemoteCommand', 'none'),
    ...option('RequestTTY', 'no'),
    ...addressArguments(address),
    // Plain words: they mean the same to every shell. The program itself comes over stdin.
    'exec perl -',
  ]
}

function option(name: string, value: string): readonly string[] {
  return ['-o', `${name}=${value}`]
}

class TheMaster implements Master {
  readonly child: SshProcess
  readonly #address: SshAddress
  readonly #control: string
  #said = ''
  #greeted = false

  constructor(child: SshProcess, address: SshAddress, control: string) {
    this.child = child
    this.#address = address
    this.#control = control
    child.stderr.on('data', (bytes: Buffer) => {
      this.#said = `${this.#said}${bytes.toString()}`.slice(-STDERR_LETTERS_MAX)
    })
    child.stdin.on('error', () => undefined)
  }

  /** The program's text first; what it is asked comes when it has said that it is there, for Perl reads ahead. */
  async greeted(program: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const { stdout, stdin } = this.child
    const late = `did not begin what it was asked to within ${GREETING_TIMEOUT_MS / 1000} s`
    const timer = setTimeout(() => reject(this.#failed(this.#unlikeUs(late))), GREETING_TIMEOUT_MS)
    const send = (): void => void stdin.write(`${program}\n__END__\n`)
    let heard = ''
    const hear = (): void => {
      const bytes: unknown = stdout.read()
      if (bytes === null) return
      heard += String(bytes)
      if (heard.endsWith(AGAIN)) {
        heard = ''
        send()
      } else if (heard.endsWith(READY)) resolve()
      else if (heard.length > HEARD_LETTERS_MAX) reject(this.#failed(this.#unlikeUs('writes without end')))
    }
    stdout.on('readable', hear)
    const giveUp = (): void => reject(signal.reason)
    signal.addEventListener('abort', giveUp)
    void this.child.then(({ cause }) => reject(this.#beginning(cause)))
    send()
    try {
      await promise
      this.#greeted = true
      this.#said = ''
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      stdout.off('readable', hear)
    }
  }

  #beginning(cause: unknown): TransportError {
    if (!(cause instanceof Error && /\b(?:ENOENT|EACCES)\b/.test(cause.message))) return this.why()
    return this.#failed('the program ssh is missing; on Debian: apt-get install openssh-client')
  }

  #unlikeUs(does: string): string {
    return `the account's shell ${does}: look at what ssh ${destination(this.#address)} true prints and waits for`
  }

  why(): TransportError {
    return this.#failed(whyText(this.#said, this.#address))
  }

  #failed(why: string): TransportError {
    const { text } = this.#address
    return new TransportError(
      this.#greeted ? `the connection to ${text} was lost: ${why}` : `connecting to ${text}: ${why}`,
    )
  }

  session(): readonly string[] {
    return [
      ...['-S', this.#control],
      ...option('ControlMaster', 'no'),
      // Without its master it would connect anew, and ask for a password or whatever: it must end instead.
      ...option('ProxyCommand', 'false'),
      ...option('BatchMode', 'yes'),
      ...option('ClearAllForwardings', 'yes'),
      ...option('RemoteCommand', 'none'),
      ...addressArguments(this.#address),
    ]
  }

  /** The program ends with its input, and ssh tells its end: what it has held, such as locks, is free by then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const cutOff = (): void => {
      this.child.stdin.destroy()
      this.child.kill('SIGTERM')
    }
    if (this.#greeted) this.child.stdin.end()
    else cutOff()
    // Again and again, for it also keeps this process there, which nothing else may do by now.
    const timer = setInterval(cutOff, END_WAIT_MS)
    try {
      await this.child
    } finally {
      clearInterval(timer)
    }
  }
}

/** What the program says when it has been read. */
export const READY = '\nreconcile is here\n'
