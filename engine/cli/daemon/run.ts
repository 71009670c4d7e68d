import { serveControl } from '../../daemon/control.ts'
import { createDaemon, StartRefused } from '../../daemon/daemon.ts'
import type { Daemon } from '../../daemon/daemonShape.ts'
import { nodeRoutes } from '../../daemon/nodeRoutes.ts'
import type { Site } from '../../daemon/site.ts'
import { openTeller } from '../../daemon/telling/openTeller.ts'
import type { Scene } from '../../daemon/telling/scene.ts'
import type { Logger } from '../../reconciler/logger.ts'
import { messageOf } from '../../reconciler/problems.ts'
import { redactUrls } from '../../source/redact.ts'
import { openPatiently, type PatientSource } from '../../source/patient.ts'
import type { Lock } from '../../transport/transport.ts'
import { daemonLogFormat, openDaemonLog } from '../daemonLog.ts'
import { createSite } from '../daemonSite.ts'
import { createFetchReport } from '../fetchProgress.ts'
import { lossOfFleet } from '../fleet/driving.ts'
import { daemonSocket } from '../findDaemon.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { sourceOptions } from '../load.ts'
import type { OptionName } from '../options.ts'
import { assertUsable, openStation, type Station } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { holdRoot } from './holdRoot.ts'
import { notifySystemd } from './notify.ts'
import { type HttpAsked, httpAsked, serveHttp } from './serveHttp.ts'
import { serveOnce } from './serveOnce.ts'

/** A pull, a hook or a stop that does not let go of itself when the engine ends is left to itself. */
const END_MS_MAX = 4_000

/** Follows the repository until somebody ends it. No container is touched by that. */
export async function runDaemon(invocation: Invocation, world: World): Promise<number> {
  assertForDaemon(invocation)
  const http = httpAsked(invocation, world)
  const before = await openStation(invocation, world)
  const source = openPatiently(sourceOf(invocation, world))
  if (before.record === undefined) {
    await assertUsable(before)
    // Where nothing runs yet, a repository that cannot be read is a slip of whoever starts this.
    await source.commits.head(world.signal)
  }
  const log = openDaemonLog(invocation, world)
  await using lock = await holdRoot(before, log, world)
  if (lock === undefined) return EXIT.done
  // Read again under the lock: whoever had it may have made the root its own.
  const station = await openStation(invocation, world)
  await follow({ lock, log, station, source, http, invocation, world })
  return EXIT.done
}

/** Some only say how `--once` works and ends. */
function assertForDaemon(invocation: Invocation): void {
  const onlyOnce: readonly OptionName[] = ['timeout', 'no-wait-jobs', 'approve']
  const given = onlyOnce.find((name) => invocation.flag(name) || invocation.text(name) !== undefined)
  const wrong = invocation.text('output') === undefined ? given : 'output'
  if (wrong !== undefined) throw usageError(`--${wrong} belongs to reconcile --once`, invocation.command)
}

function sourceOf(invocation: Invocation, world: World): Parameters<typeof openPatiently>[0] {
  const { branch, mirrors, path, repo } = sourceOptions(invocation, world)
  const { clock, cwd, environment, stderr } = world
  // Lines among those of the log, and no picture.
  const plain = { ...stderr, write: (text: string) => stderr.write(text), isTTY: false }
  const fetching = createFetchReport(redactUrls(repo), daemonLogFormat(invocation, world), {
    clock,
    stderr: plain,
  })
  return {
    repo,
    mirrors,
    allowUncommitted: false,
    cwd,
    environment,
    onFetch: (progress) => fetching.tell(progress),
    ...(branch !== undefined && { branch }),
    ...(path !== undefined && { path }),
  }
}

interface Following {
  readonly lock: Lock
  readonly log: Logger
  readonly station: Station
  readonly source: PatientSource
  readonly http: HttpAsked | undefined
  readonly invocation: Invocation
  readonly world: World
}

async function follow({
  http,
  invocation,
  lock,
  log: own,
  source,
  station,
  world,
}: Following): Promise<void> {
  const { clock, signal } = world
  const { root, transport } = station
  const branch = invocation.text('branch')
  const logs = splitLog(own)
  const [takeOver, forceNewHead] = [invocation.flag('take-over'), invocation.flag('force-new-head')]
  const tell = (message: string): void => logs.log('info', message)
  const site = createSite({ station, source, takeOver, forceNewHead, tell }, world)
  const failed = new AbortController()
  const daemon = createDaemon({
    site,
    source,
    name: () => ({ ...source.name(), ...(branch !== undefined && { branch }) }),
    clock,
    signal: AbortSignal.any([signal, failed.signal]),
    log: logs.log,
    jitter: () => Math.random(),
  })
  await using teller = await openTeller({
    transport,
    root,
    clock,
    log: own,
    scene: () => sceneOf(daemon, station),
  })
  using _told = daemon.listen(teller)
  await using _control = await serveControl(
    await daemonSocket(station),
    handlersOf({ daemon, site, world, alsoLog: logs.also }),
  )
  await using _http = http === undefined ? undefined : await serveHttp(daemon, http, logs.log, world)
  world.onReload(() => reload(daemon, http, logs.log))
  const running = daemon.run()
  // Of one that goes on after its time to end is over.
  running.catch(() => undefined)
  void notifySystemd('ready', transport, world, logs.log)
  try {
    await Promise.race([running, endOf(world), lossOf(lock, station), lossOfFleet(world)])
  } catch (error) {
    failed.abort()
    // Nothing of this one is to be under way when another engine comes.
    await Promise.race([running.catch(() => undefined), clock.sleepUntil(soon(world), signal)])
    if (error instanceof StartRefused) throw new UserError(error.message)
    throw error
  }
}

/** SIGHUP: what is configured beside the repository is read again, and the repository looked at. */
function reload(daemon: Daemon, http: HttpAsked | undefined, log: Logger): void {
  try {
    http?.secret?.read()
  } catch (error) {
    log('error', `${messageOf(error)}; the one that was read before stays`)
  }
  daemon.reload()
}

/** What the Cluster is called is known before the nodes have been looked at. */
function sceneOf(daemon: Daemon, { record }: Station): Scene {
  const cluster = daemon.engine.desired?.cluster.metadata.name ?? record?.owner.cluster
  return { ...daemon.loop(), cluster }
}

interface Serving {
  readonly daemon: Daemon
  readonly site: Site
  readonly world: World
  readonly alsoLog: (log: Logger) => Disposable
}

function handlersOf(serving: Serving): Parameters<typeof serveControl>[1] {
  const { daemon, world } = serving
  return {
    state: () => daemon.state(),
    sync: (asked, tell, gone) => serveOnce(asked, tell, gone, serving),
    approve: (commit) => daemon.approve(commit),
    suspend: (object) => daemon.suspend(object),
    resume: (object) => daemon.resume(object),
    more: nodeRoutes(daemon.engine, world.clock),
  }
}

/** Whoever has ended the process that keeps the lock has let another engine in. */
async function lossOf({ lost }: Lock, { root }: Station): Promise<never> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (lost.aborted) resolve()
  else lost.addEventListener('abort', () => resolve(), { once: true })
  await promise
  throw new UserError(`the lock on ${root} is lost, so another engine may work on it: this one ends`, {
    exitStatus: EXIT.failed,
  })
}

/** Some time after the end was asked for: by then all that can be let go of has been. */
async function endOf(world: World): Promise<void> {
  const { clock, signal } = world
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  await clock.sleepUntil(soon(world), new AbortController().signal)
}

function soon({ clock }: World): Temporal.Instant {
  return clock.now().add({ milliseconds: END_MS_MAX })
}

/** One log, and those who want to hear it for a while. */
function splitLog(main: Logger): { readonly log: Logger; also(log: Logger): Disposable } {
  const others = new Set<Logger>()
  return {
    log(level, message, fields) {
      main(level, message, fields)
      for (const other of others) other(level, message, fields)
    },
    also(log) {
      others.add(log)
      return { [Symbol.dispose]: () => others.delete(log) }
    },
  }
}
