import { execa } from 'execa'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** One line of the table. */
export interface Measurement {
  readonly what: string
  /** In `unit`; the median where it was measured more than once. */
  readonly value: number
  readonly unit: 'ms' | 'MB' | 'pods/s' | 'answers/s' | 'requests/s' | 'Gbit/s' | '%' | 'ticks'
  readonly runs: number
  /** What it is held against, and the most, or the least, that it may be. */
  readonly target?:
    | { readonly text: string; readonly most: number }
    | { readonly text: string; readonly least: number }
}

/** What this process used of the processors, in ms: other programs' work is not in it, the garbage collector's is. */
export function cpuTime<T>(run: () => T): { readonly ms: number; readonly result: T } {
  const before = process.cpuUsage()
  const result = run()
  const { system, user } = process.cpuUsage(before)
  return { ms: (system + user) / 1000, result }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The value that this part of them does not exceed: the nearest rank. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

export interface Timed {
  readonly ms: number
  readonly exitCode: number
  readonly output: string
}

/** Runs a program to its end and takes its time. Throws with its output when it fails, so that no failure is timed. */
export async function timed(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<Timed> {
  const [program, ...args] = argv
  const began = performance.now()
  const result = await execa(program, args, { env, reject: false, all: true, stdin: 'ignore' })
  const ms = performance.now() - began
  if (result.exitCode !== 0) {
    throw new Error(`${argv.join(' ')} ended with ${result.exitCode ?? result.signal}:\n${result.all}`)
  }
  return { ms, exitCode: result.exitCode, output: result.all }
}

const ENGINE = new URL('../engine/main.ts', import.meta.url).pathname
const RSS_REPORTER = new URL('report-rss.ts', import.meta.url).pathname

/** The engine as its own process, as an installed one is started: engine/main.ts, not npx. */
export function engine(...args: readonly string[]): readonly [string, ...string[]] {
  return [ENGINE, ...args]
}

/** The same, and the largest resident set that it had, in bytes. */
export async function engineWithMemory(
  ...args: readonly string[]
): Promise<Timed & { readonly maxRssBytes: number }> {
  using folder = temporaryFolder()
  const file = join(folder.path, 'rss')
  const run = await timed(engine(...args), { REPORT_RSS_TO: file, NODE_OPTIONS: `--import=${RSS_REPORTER}` })
  return { ...run, maxRssBytes: Number(readFileSync(file, 'utf8')) }
}

export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'reconcile-bench-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** After a collection. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}
