import type { LogLine, LogRequest } from '../../api/cri.ts'
import type { PodUid } from '../../api/names.ts'
import { type PodListing, RuntimeFailure } from '../runtime.ts'
import { attemptLines } from '../oci/logs/read.ts'
import { readProcesses } from '../oci/node/processes.ts'
import { readPodFiles } from '../oci/pods/podFiles.ts'
import { START_FILE } from './attemptFiles.ts'
import { seenKey, type ToolNode } from './tool.ts'

type Inspect = (uid: PodUid) => Promise<PodListing | undefined>

/**
 * All attempts that the program has made of one container are in one log: those before are told from the one that runs by when they ended.
 */
export async function* containerLog(
  node: Pick<ToolNode, 'logFolder' | 'paths' | 'seen' | 'transport'>,
  inspect: Inspect,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { container, uid } = request
  const found = (await inspect(uid))?.containers.get(container)
  const begun = await begunAttempts(node, uid, container)
  const last = found?.attempt ?? Math.max(-1, ...begun)
  const attempt = request.attempt ?? (request.previous ? last - 1 : last)
  const base = begun.findLast((one) => one <= attempt)
  if (base === undefined || attempt > last) throw noLog(request)
  const folder = await node.logFolder(uid, container, base)
  const bounds = boundsOf(found?.previous?.finishedAt, { attempt, last, base })
  const ended = async () => {
    // The program is asked only when its process has gone.
    const pid = node.seen.get(seenKey(uid, container))?.pid ?? 0
    if (attempt === last && (await readProcesses(node.transport, [pid])).size > 0) return false
    const now = (await inspect(uid))?.containers.get(container)
    return now === undefined || now.attempt > attempt || now.state.kind === 'exited'
  }
  const place = { transport: node.transport, folder, ended }
  const options = { ...request, ...sinceOf(request, bounds.from) }
  if (bounds.to === undefined) return yield* attemptLines(place, options, signal)
  const { tailLines, ...all } = options
  yield* tailUntil(attemptLines(place, all, signal), bounds.to, tailLines)
}

/** Of what was written until then, the last lines, or all. */
async function* tailUntil(
  lines: AsyncIterable<LogLine>,
  to: string,
  tailLines: number | undefined,
): AsyncGenerator<LogLine> {
  const last: LogLine[] = []
  for await (const line of lines) {
    if (line.at > to) break
    if (tailLines === undefined) yield line
    else last.push(line)
    if (tailLines !== undefined && last.length > tailLines) last.shift()
  }
  yield* last
}

function noLog({ container, previous }: LogRequest): RuntimeFailure {
  const which = previous ? 'previous attempt' : 'attempt'
  return new RuntimeFailure('NotFound', `container ${container} has no ${which} with a log on this node`)
}

/** Those that the engine began, the oldest first: each has a log, in which the program's own go on. */
export async function begunAttempts(
  { paths, transport }: Pick<ToolNode, 'paths' | 'transport'>,
  uid: PodUid,
  container: string,
): Promise<readonly number[]> {
  const attempts =
    (await readPodFiles(transport, paths, uid))?.containers.get(container)?.attempts ?? new Map()
  return [...attempts]
    .flatMap(([attempt, files]) => (files.has(START_FILE) ? [attempt] : []))
    .toSorted((a, b) => a - b)
}

interface Bounds {
  readonly from?: string
  readonly to?: string
}

/** Of the last attempt from the end of the one before, and of that one up to there; of earlier ones nobody knows, so all of it. */
function boundsOf(
  previousEnd: string | undefined,
  { attempt, base, last }: { readonly attempt: number; readonly base: number; readonly last: number },
): Bounds {
  if (previousEnd === undefined || base === last) return {}
  const at = Temporal.Instant.from(previousEnd).toString({ smallestUnit: 'nanosecond' })
  if (attempt === last) return { from: at }
  return attempt === last - 1 ? { to: at } : {}
}

/** The later of the two. */
function sinceOf({ since }: LogRequest, from: string | undefined): Pick<LogRequest, 'since'> {
  if (from === undefined) return since === undefined ? {} : { since }
  if (since === undefined) return { since: from }
  return { since: Temporal.Instant.compare(since, from) > 0 ? since : from }
}
