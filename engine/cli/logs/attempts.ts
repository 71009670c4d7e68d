import type { LogLine } from '../../api/cri.ts'
import type { Timestamp } from '../../api/names.ts'
import type { ObservedContainer } from '../../api/snapshot.ts'
import { type Runtime, RuntimeFailure } from '../../runtimes/runtime.ts'
import type { Ear } from './ear.ts'
import { isLive, isOver, observed, type Stream } from './streams.ts'

export interface FollowContext {
  readonly runtime: Pick<Runtime, 'inspect' | 'logs'>
  readonly ear: Ear
  readonly signal: AbortSignal
  /** A sentence about the stream, beside its lines. */
  readonly say: (text: string) => void
}

/** Which lines of the first attempt. */
export interface From {
  readonly tailLines?: number | undefined
  readonly since?: Timestamp | undefined
}

/** From this attempt on, and from one to the next, until there will be no more or the signal is aborted. */
export async function* followedLines(
  stream: Stream,
  { since, tailLines }: From,
  context: FollowContext,
): AsyncGenerator<LogLine> {
  const { runtime, signal } = context
  // What had ended before anybody asked is no news.
  const say = isLive(stream) ? context.say : () => undefined
  const first = observed(stream)
  if (first === undefined) say(`${stream.name} has not been started yet: waiting for it`)
  let next = first?.attempt ?? (await attemptAfter(stream, -1, { ...context, say }))
  let options = { ...(since !== undefined && { since }), ...(tailLines !== undefined && { tailLines }) }
  while (next !== undefined && !signal.aborted) {
    const skipped = () => say(`${stream.name} wrote more than could be read before it was rotated away`)
    const { container, pod } = stream
    const request = { uid: pod.uid, container, previous: false, follow: true, attempt: next, skipped }
    try {
      yield* runtime.logs({ ...request, ...options }, signal)
    } catch (error) {
      // It has been restarted twice since it was looked at.
      if (!(error instanceof RuntimeFailure && error.reason === 'NotFound')) throw error
    }
    if (signal.aborted) return
    next = await attemptAfter(stream, next, { ...context, say })
    options = {}
  }
}

/** Waits for it. Undefined: there will be none. */
async function attemptAfter(
  stream: Stream,
  attempt: number,
  { ear, runtime, say, signal }: FollowContext,
): Promise<number | undefined> {
  while (!signal.aborted) {
    const listing = await runtime.inspect(stream.pod.uid, signal)
    if (listing === undefined) {
      say(`pod ${stream.pod.namespace}/${stream.pod.name} has gone`)
      return undefined
    }
    const container = listing.containers.get(stream.container)
    if (container !== undefined && container.attempt > attempt)
      return restarted(stream, attempt, container, say)
    if (isOver(listing, stream.container)) {
      const code =
        container?.state.kind === 'exited' ? ` with exit code ${container.state.exit.exitCode}` : ''
      say(`${stream.name} has ended${code}`)
      return undefined
    }
    await ear.wait()
  }
  return undefined
}

/** Of attempts before the last but one nothing is kept. */
function restarted(
  { name }: Stream,
  attempt: number,
  container: ObservedContainer,
  say: FollowContext['say'],
): number {
  const next = Math.max(attempt + 1, container.attempt - 1)
  if (attempt < 0) return next
  const { previous } = container
  const code =
    previous !== undefined && next === container.attempt ? ` with exit code ${previous.exitCode}` : ''
  const missed = next - attempt - 1
  const between = missed === 0 ? '' : `, and so did ${missed} more of its runs`
  say(`${name} ended${code}${between}: what follows is its run ${next + 1}`)
  return next
}
