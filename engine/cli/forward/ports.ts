import { UserError } from '../userError.ts'

/** One of `[LOCAL:]REMOTE`. */
export interface AskedPort {
  /** As it was written. */
  readonly text: string
  /** 0: whichever is free; absent: the same as the other one. */
  readonly local?: number
  readonly remote: number | string
}

/** In kubectl's words: `5000`, `8080:5000`, `:5000`, `8080:http`. */
export function parsePort(text: string): AskedPort {
  const [first = '', second, more] = text.split(':')
  if (more !== undefined) throw wrong(text)
  const remote = remoteOf(second ?? first, text)
  if (second === undefined) return { text, remote }
  if (first === '') return { text, local: 0, remote }
  const local = number(first)
  if (local === undefined) throw wrong(text)
  return { text, local, remote }
}

function remoteOf(part: string, text: string): number | string {
  if (/^\d+$/.test(part)) {
    const found = number(part)
    if (found === undefined) throw wrong(text)
    return found
  }
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(part)) return part
  throw wrong(text)
}

function number(part: string): number | undefined {
  const found = /^\d+$/.test(part) ? Number(part) : 0
  return found >= 1 && found <= 65_535 ? found : undefined
}

function wrong(text: string): UserError {
  return new UserError(
    `${JSON.stringify(text)} is no port to forward: give REMOTE, LOCAL:REMOTE or :REMOTE, where REMOTE is a number or a port's name`,
  )
}

/** Where a port leads. */
export interface Forward {
  /** 0: whichever is free. */
  readonly local: number
  /** At the pod. */
  readonly target: number
}

/** `localhost` is both of its addresses, of which one is enough. */
export function parseAddresses(text: string | undefined): readonly (readonly string[])[] {
  return (text ?? 'localhost')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (part === 'localhost' ? ['127.0.0.1', '::1'] : [part]))
}
