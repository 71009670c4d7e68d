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
  /** Takes one line without its end. */
  readonly write: (line: string) => void
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

export function createLogger(options: LoggerOptions): Logger {
  const line = options.format === 'json' ? jsonLine : textLine
  return (level, message, fields = {}) => {
    if (RANK[level] < RANK[options.level]) return
    options.write(line(options.clock.now(), level, message, fields))
  }
}

function jsonLine(now: Temporal.Instant, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time: now.toString({ smallestUnit: 'millisecond' }), level, message, ...fields })
}

function textLine(now: Temporal.Instant, level: LogLevel, message: string, fields: LogFields): string {
  const { stack, ...rest } = fields
  const about = Object.entries(rest).map(([name, value]) => `${name}=${fieldText(value)}`)
  const head = [now.toString({ smallestUnit: 'millisecond' }), level.padEnd(5), message, ...about].join(' ')
  return stack === undefined ? head : `${head}\n${stack}`
}

function fieldText(value: string | number): string {
  const text = String(value)
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text
}
