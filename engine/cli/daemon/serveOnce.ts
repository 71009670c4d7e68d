import { shortCommit } from '../../api/names.ts'
import type { SyncLine, SyncRequest } from '../../daemon/controlMessages.ts'
import type { Daemon } from '../../daemon/daemonShape.ts'
import type { Site } from '../../daemon/site.ts'
import type { Standing } from '../../daemon/standing.ts'
import type { SourceName } from '../../daemon/syncState.ts'
import type { Desired } from '../../api/snapshot.ts'
import { lossLines } from '../../planner/rails.ts'
import type { Logger } from '../../reconciler/logger.ts'
import { ignoredJobs } from '../apply.ts'
import { printWarnings, refuse } from '../diagnostics.ts'
import { tellHeld } from '../heldCommit.ts'
import { type Invocation, parseCommandLine } from '../invocation.ts'
import { tellOutcome } from '../outcomeText.ts'
import { report } from '../report.ts'
import { createRunReport, type RunReport } from '../runReport.ts'
import { plainText } from '../table.ts'
import { timeoutOf } from '../timeout.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { remoteWorld } from './remoteWorld.ts'

export interface OnceOptions {
  readonly daemon: Daemon
  readonly site: Site
  readonly world: World
  /** Hears what the daemon's own log is told, while a command wants to hear it. */
  readonly alsoLog: (log: Logger) => Disposable
}

/** `--once` beside the daemon: what it prints alone is printed here, into the answer. */
export async function serveOnce(
  asked: SyncRequest,
  tell: (line: SyncLine) => void,
  gone: AbortSignal,
  options: OnceOptions,
): Promise<void> {
  const world = remoteWorld(options.world, asked, tell, gone)
  const exitStatus = await answerOnce(asked, options, world).catch((error: unknown) => report(error, world))
  tell({ kind: 'end', exitStatus })
}

async function answerOnce(asked: SyncRequest, options: OnceOptions, world: World): Promise<number> {
  const { daemon } = options
  const invocation = parseCommandLine(asked.argv)
  const timeoutMs = timeoutOf(invocation)
  assertSameSource(daemon.state().source, asked)
  if (invocation.flag('take-over'))
    throw new UserError('--take-over is for a root that nobody follows a repository on: end the engine first')
  const reporting = createRunReport(invocation, world)
  using _log = options.alsoLog(reporting.log)
  using _listening = daemon.listen({
    progress: (event) => reporting.event(event),
    tick: (state) => reporting.tick(state),
  })
  const standing = await allowed(await daemon.sync(), daemon, invocation, world)
  if (standing?.kind !== 'inForce') return tellStanding(standing, invocation, world)
  printWarnings(standing.warnings, world)
  return await follow(standing.desired, { ...options, invocation, reporting, timeoutMs, world })
}

/** `--approve` allows what the rails hold. */
async function allowed(
  standing: Standing | undefined,
  daemon: Daemon,
  invocation: Invocation,
  world: World,
): Promise<Standing | undefined> {
  if (standing?.kind !== 'held' || !invocation.flag('approve')) return standing
  for (const line of lossLines(standing.held)) world.stderr.write(plainText(`--approve: deletes ${line}\n`))
  const answer = await daemon.approve(standing.held.commit)
  if (answer.kind === 'refused') throw new UserError(answer.message, { exitStatus: EXIT.failed })
  return daemon.standing()
}

interface Following extends OnceOptions {
  readonly invocation: Invocation
  readonly reporting: RunReport
  readonly timeoutMs: number
}

async function follow(desired: Desired, following: Following): Promise<number> {
  const { daemon, invocation, reporting, site, timeoutMs, world } = following
  reporting.begin()
  const aborted = Promise.withResolvers<{ readonly kind: 'interrupted' }>()
  world.signal.addEventListener('abort', () => aborted.resolve({ kind: 'interrupted' }), { once: true })
  const outcome = await Promise.race([
    daemon.untilHealthy({ timeoutMs, ...ignoredJobs(invocation) }),
    aborted.promise,
  ])
  const result = { outcome, state: daemon.loop(), changed: reporting.end(), desired }
  const { runtime } = await site.machine(desired)
  return await tellOutcome(result, { invocation, world, runtime, timeoutMs, engineStays: true })
}

function assertSameSource(own: SourceName, asked: SyncRequest): void {
  if (own.repository === asked.repository && own.path === asked.path && own.branch === asked.branch) return
  throw new UserError(
    [
      `the engine that runs follows ${nameText(own)}; this is ${nameText(asked)}.`,
      'Name what it follows, give this one a root of its own with --root DIR, or end the engine first.',
    ].join('\n'),
  )
}

function nameText({ branch, path, repository }: SourceName): string {
  const parts = [
    ...(branch === undefined ? [] : [`--branch ${branch}`]),
    ...(path === '' ? [] : [`--path ${path}`]),
  ]
  return [repository, ...parts].join(' ')
}

/** Why the branch's commit is not in force. Returns the exit status. */
function tellStanding(
  standing: Exclude<Standing, { readonly kind: 'inForce' }> | undefined,
  invocation: Invocation,
  world: World,
): number {
  switch (standing?.kind) {
    case undefined:
      world.stderr.write('error: the engine ends, and the repository was not looked at\n')
      return EXIT.failed
    case 'invalid':
      return refuse(standing, ': nothing was touched', invocation, world)
    case 'held':
      return tellHeld({ kind: 'held', ...standing.held }, invocation, world)
    case 'refused':
      throw new UserError(standing.message)
    case 'unreadable':
    case 'notReady':
      return report(standing.error, world)
    case 'rolledBack': {
      const { from, reason, to } = standing.rollback
      throw new UserError(
        `commit ${shortCommit(from)} was rolled back to ${shortCommit(to)}: ${reason}; the engine stays there until the branch moves`,
        { exitStatus: EXIT.failed },
      )
    }
    default:
      return standing satisfies never
  }
}
