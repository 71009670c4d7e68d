import type { Clock } from './clock.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What a line is about. Never a secret: actions and failures carry none. */
export interface LogFields {
  readonly commit?: string
  readonly object?: string
  readonly node?: string
  readonly pod?: string
  readonly container?: string
  readonly action?: string
  readonly reason?: string
  readonly image?: string
  readonly exitCode?: number
  readonly signal?: number
  readonly durationMs?: number
  /** How often the same has come so far. */
  readonly count?: number
  /** Of our own bugs only. */
  readonly stack?: string
}

export type Logger = (level: LogLevel, message: string, fields?: LogFields) => void

export const silentLogger: Logger = () => undefined

export interface LoggerOptions {
  readonly format: 'text' | 'json'
  /** The least level that is written. */
  readonly level: LogLevel
  readonly clock: Clock
  /** The lines go to systemd's journal, which has times of its own and reads a level in front of each line. */
  readonly journal?: boolean
  /** Takes one line without its end. */
  readonly write: (line: string) => void
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

export function createLogger(options: LoggerOptions): Logger {
  const { clock, format, journal = false, write } = options
  const line = format === 'json' ? jsonLine : journal ? journalLine : textLine
  return (level, message, fields = {}) => {
    if (RANK[level] < RANK[options.level]) return
    const text = line(clock.now(), level, message, fields)
    write(journal ? text.replaceAll(/^/gm, `<${SYSLOG[level]}>`) : text)
  }
}

/** sd-daemon(3): syslog's levels. */
const SYSLOG: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 }

function jsonLine(now: Temporal.Instant, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time: now.toString({ smallestUnit: 'millisecond' }), level, message, ...fields })
}

function textLine(now: Temporal.Instant, level: LogLevel, message: string, fields: LogFields): string {
  return `${now.toString({ smallestUnit: 'millisecond' })} ${level.padEnd(5)} ${messageText(message, fields)}`
}

/** The level stands in front of it already. */
function journalLine(_: Temporal.Instant, _level: LogLevel, message: string, fields: LogFields): string {
  return messageText(message, fields)
}

/** What the message says already is not said again. */
function messageText(message: string, { commit, stack, ...rest }: LogFields): string {
  const short =
    commit === undefined ? {} : { commit: commit === 'uncommitted' ? commit : commit.slice(0, 12) }
  const about = Object.entries({ ...rest, ...short })
    .filter(([, value]) => !(typeof value === 'string' && message.includes(value)))
    .map(([name, value]) => `${name}=${fieldText(value)}`)
  const head = [message, ...about].join(' ')
  return stack === undefined ? head : `${head}\n${stack}`
}

function fieldText(value: string | number): string {
  const text = String(value)
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text
}
