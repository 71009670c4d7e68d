import type { Timestamp } from '../../../api/names.ts'
import type { ContainerExit } from '../../../api/snapshot.ts'
import type { TreeFile } from '../../../transport/transport.ts'
import { isObject, parseJson } from '../json.ts'
import { parseLogText } from '../logs/lines.ts'
import { keyValues } from '../hook/rule.ts'

/** By the engine: what the attempt stood on was taken away, and why it is to be ended and started anew. */
export const LOST = 'lost'

/** The files that the hook leaves of one attempt, by name. */
export type AttemptFiles = ReadonlyMap<string, TreeFile>

export const ATTEMPT_FILES = ['started', 'exited', 'restart', 'failure', 'message', 'last-log', LOST] as const

/** What it leaves of the attempts of a container of podman's, all in the folder of the one that the engine began. */
const LEFT = {
  exited: 'left',
  started: 'left-began',
  message: 'left-message',
  'last-log': 'left-log',
} as const

/** Of the last attempt that has ended, and of the one before it. */
const TURNS = ['', '-before'] as const

export const LEFT_FILES = TURNS.flatMap((turn) => Object.values(LEFT).map((name) => `${name}${turn}`))

/** How this attempt ended, where it is one of the last two. */
export function parseLeft(files: AttemptFiles, attempt: number): ContainerExit | undefined {
  const turn = TURNS.find(
    (one) => wholeFile(files.get(`${LEFT.exited}${one}`))?.get('attempt') === String(attempt),
  )
  if (turn === undefined) return undefined
  const own = Object.entries(LEFT).flatMap(([name, left]): [string, TreeFile][] => {
    const file = files.get(`${left}${turn}`)
    return file === undefined ? [] : [[name, file]]
  })
  return parseExit(new Map(own), attempt)
}

export interface Started {
  readonly at: Timestamp
  readonly pid: number
  readonly ticks: string
  readonly monitor: number
  readonly monitorTicks: string
  readonly bootId: string
}

/** Undefined: not started, or its file is still being written. */
export function parseStarted(file: TreeFile | undefined): Started | undefined {
  const values = wholeFile(file)
  if (values === undefined) return undefined
  return {
    at: timestamp(file?.modifiedMs ?? 0),
    pid: Number(values.get('pid')),
    ticks: values.get('ticks') ?? '',
    monitor: Number(values.get('monitor')),
    monitorTicks: values.get('monitorTicks') ?? '',
    bootId: values.get('boot') ?? '',
  }
}

export function parseExit(files: AttemptFiles, attempt: number): ContainerExit | undefined {
  const file = files.get('exited')
  const values = wholeFile(file)
  if (values === undefined) return undefined
  const finishedAt = timestamp(file?.modifiedMs ?? 0)
  const startFailed = values.get('failed') === '1'
  const message = startFailed ? failureMessage(files) : (values.get('lost') ?? endMessage(files))
  return {
    attempt,
    exitCode: Number(values.get('code')),
    oomKilled: values.get('oom') === '1',
    startedAt: parseStarted(files.get('started'))?.at ?? finishedAt,
    finishedAt,
    ...(message === '' ? {} : { message }),
    startFailed,
    ...(values.has('lost') && { lost: true }),
  }
}

/** What the engine writes where no monitor could: the process has gone, and its exit status with it. */
export function lostExitText(exitCode: number, why: string): string {
  return `code=${exitCode}\noom=0\nfailed=0\nuptime=0\nlost=${why}\nend=1\n`
}

/** The wait that the hook is in. */
export interface RestartWait {
  readonly restartAt: Timestamp
  readonly backOffMs: number
}

/** It has begun when the file was written. */
export function parseRestartWait(file: TreeFile | undefined): RestartWait | undefined {
  const backOffMs = Number(wholeFile(file)?.get('delay')) * 1000
  if (file === undefined || Number.isNaN(backOffMs)) return undefined
  return { restartAt: timestamp(file.modifiedMs + backOffMs), backOffMs }
}

export function timestamp(milliseconds: number): Timestamp {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(milliseconds)).toString()
}

function wholeFile(file: TreeFile | undefined): ReadonlyMap<string, string> | undefined {
  if (file?.content?.endsWith('\nend=1\n') !== true) return undefined
  return keyValues(file.content)
}

/** conmon's report is JSON with the runtime's own words in it; without conmon it is what a command said. */
function failureMessage(files: AttemptFiles): string {
  const text = files.get('failure')?.content?.trim() ?? ''
  const report = parseJson(text)
  const message = isObject(report) && typeof report['message'] === 'string' ? report['message'] : text
  return runtimeWords(message.trim())
}

/** runc logs as `time="..." level=error msg="what matters"`. */
function runtimeWords(text: string): string {
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(text)?.[1]
  const inner = quoted === undefined ? undefined : parseJson(quoted)
  return typeof inner === 'string' ? inner : text
}

const MESSAGE_LENGTH_MAX = 4096
/** The kubelet's limit for a message that comes from the log. */
const LOG_MESSAGE_LENGTH_MAX = 2048

function endMessage(files: AttemptFiles): string {
  const own = files.get('message')?.content
  if (own !== undefined) return own.slice(0, MESSAGE_LENGTH_MAX)
  const log = files.get('last-log')?.content
  if (log === undefined) return ''
  const text = parseLogText(log).map((line) => `${line.text}\n`)
  return text.join('').slice(-LOG_MESSAGE_LENGTH_MAX)
}
