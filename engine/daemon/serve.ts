import type { Clock } from '../reconciler/clock.ts'
import { millisecondsBetween } from '../reconciler/clock.ts'
import type { Logger } from '../reconciler/logger.ts'
import type { LoopState } from '../reconciler/loop.ts'
import { addressText, type ListenAddress } from './address.ts'
import type { Daemon } from './daemonShape.ts'
import { listen, type Listening } from './listen.ts'
import type { SyncState } from './syncState.ts'

export interface ServeOptions {
  readonly address: ListenAddress
  readonly clock: Clock
  readonly log: Logger
  /** As it is now; absent: there is no webhook. */
  readonly webhookSecret?: () => string
}

/** Answers over http for a daemon, before it runs and until it is disposed of. Rejects with ListenError. */
export async function serve(daemon: Daemon, options: ServeOptions): Promise<Listening> {
  const { address, clock, log, webhookSecret } = options
  const { createMetrics } = await import('./metrics/metrics.ts')
  const metrics = createMetrics({
    loop: () => daemon.loop(),
    sync: () => daemon.state(),
    runtimes: () => daemon.engine.runtimes,
    clock,
  })
  const listening = await listen({
    address,
    metrics: (groups) => metrics.text(groups),
    health: {
      live: () => liveProblem(daemon.loop(), daemon.state(), clock.now()),
      ready: () => readyProblem(daemon.loop(), daemon.state()),
    },
    ...(webhookSecret !== undefined && {
      webhook: {
        secret: webhookSecret,
        branch: () => daemon.state().source.branch,
        nudge: () => daemon.nudge(),
        answered: (status) => metrics.webhook(status),
      },
    }),
    log,
  })
  log('info', `listening on http://${addressText({ host: address.host, port: listening.port })}`)
  const hearing = daemon.listen({
    sync: (event) => metrics.syncEvent(event),
    progress: (event) => metrics.event(event),
    tick: (state) => metrics.tick(state),
  })
  return {
    port: listening.port,
    async [Symbol.asyncDispose]() {
      hearing[Symbol.dispose]()
      await listening[Symbol.asyncDispose]()
    },
  }
}

/** A disk that does not answer may keep a tick so long; nothing that is well does. */
const TICK_MS_MAX = 120_000

/** Undefined: the loop ticks, or has nothing to tick for yet. */
export function liveProblem(
  { figures, problems, ticks }: LoopState,
  { applied }: SyncState,
  now: Temporal.Instant,
): string | undefined {
  const { tickingSince } = figures
  if (tickingSince !== undefined && millisecondsBetween(tickingSince, now) > TICK_MS_MAX)
    return `the loop hangs in a tick since ${tickingSince.toString({ smallestUnit: 'second' })}`
  if (ticks > 0 || applied === undefined) return undefined
  if (millisecondsBetween(Temporal.Instant.from(applied.at), now) <= TICK_MS_MAX) return undefined
  return `the loop does not begin: ${problems[0] ?? 'the nodes do not answer'}`
}

/** Undefined: the nodes have been looked at, and a commit is in force. */
export function readyProblem({ snapshot }: LoopState, { applied }: SyncState): string | undefined {
  if (applied === undefined) return 'no commit is in force yet'
  if (snapshot === undefined) return 'the nodes have not been looked at yet'
  const unseen = [...snapshot.observed.nodes.values()].filter(({ unlisted }) => unlisted === true)
  return unseen.length === 0 ? undefined : `not looked at yet: ${unseen.map(({ name }) => name).join(', ')}`
}
