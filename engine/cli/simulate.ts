import { type NodeName, objectText } from '../api/names.ts'
import { keyParts } from '../api/names.ts'
import type { StatusReport } from '../api/plan.ts'
import type { Snapshot } from '../api/snapshot.ts'
import { parseScenario, scenarioOf } from '../planner/scenario.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'
import { type Rehearsed, rehearse } from '../reconciler/rehearsal.ts'
import { type Invocation, usageError } from './invocation.ts'
import { printJson } from './json.ts'
import { eventText, healthText } from './progress.ts'
import { plainText, table } from './table.ts'
import { EXIT, type World } from './world.ts'

export interface Simulation {
  /** As the command line has it. */
  readonly scenario: string
  readonly snapshot: Snapshot
  readonly head: NodeName
}

interface Step {
  readonly afterMs: number
  readonly text: string
  readonly kind: ProgressEvent['kind']
}

/** Plays forward what would happen, and prints each step. Throws a UserError for a scenario that cannot be. */
export async function simulate(
  { head, scenario, snapshot }: Simulation,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const parsed = parseScenario(scenario)
  const made = parsed.kind === 'wrong' ? parsed : scenarioOf(parsed.value, snapshot, head)
  if (made.kind === 'wrong') throw usageError(`--simulate: ${made.message}`, invocation.command)
  const now = world.clock.now()
  const steps: Step[] = []
  const asJson = invocation.text('output') === 'json'
  if (!asJson) world.stdout.write(`if ${plainText(scenario)}:\n\n`)
  const rehearsed = await rehearse({
    snapshot,
    scenario: made.value,
    head,
    now,
    signal: world.signal,
    onProgress: (event) => {
      const text = stepText(event)
      if (text === undefined) return
      const step = { afterMs: millisecondsSince(now, event.at), text, kind: event.kind }
      steps.push(step)
      if (!asJson) world.stdout.write(`  ${stepLine(step)}\n`)
    },
  })
  if (asJson) printJson(world, simulationJson({ scenario, snapshot, head }, steps, rehearsed))
  else world.stdout.write(plainText(endText(rehearsed, steps)))
  return steps.length > 0 && invocation.flag('detailed-exitcode') ? EXIT.changes : EXIT.done
}

/** What the engine decides stands with its reason when it begins; what comes of it when it is seen. */
function stepText(event: ProgressEvent): string | undefined {
  if (event.kind === 'actionStarted') {
    const { action } = event
    if (action.kind === 'createPod') return `pod ${action.pod}: is made on ${action.node}: ${action.reason}`
    if (action.kind === 'deletePod')
      return `pod ${action.pod}: is deleted on ${action.node}: ${action.reason}`
    return undefined
  }
  if (event.kind === 'actionEnded') return undefined
  if (event.kind === 'podChanged' && event.summary.deleting) return undefined
  return eventText(event)
}

function millisecondsSince(from: Temporal.Instant, at: string): number {
  return Temporal.Instant.from(at).epochMilliseconds - from.epochMilliseconds
}

function stepLine({ afterMs, text }: Step): string {
  return `+${secondsText(afterMs).padEnd(7)} ${plainText(text)}`
}

function secondsText(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)}s`
    : `${Math.floor(ms / 60_000)}m${Math.floor((ms % 60_000) / 1000)}s`
}

function endText({ end, kind, tookMs }: Rehearsed, steps: readonly Step[]): string {
  const time = secondsText(tookMs)
  const said =
    steps.length === 0
      ? '  nothing happens'
      : kind === 'settled'
        ? `\nafter ${time} nothing more happens`
        : `\nafter ${time} things still happen`
  const nodes = [...(end.snapshot?.observed.nodes.values() ?? [])]
  const rows = nodes.map(({ name, pods, reachable }) => [
    name,
    String(pods.size),
    reachable ? 'answers' : 'does not answer',
  ])
  const open = openReports(end.plan?.statuses.values() ?? [])
  return [
    said,
    '',
    table(['NODE', 'PODS', 'STATUS'], rows).trimEnd(),
    ...(open.length === 0 ? ['', 'all objects are healthy'] : ['', ...open.map(reportLine)]),
    ...end.problems.map((problem) => `problem: ${problem}`),
    '',
  ].join('\n')
}

/** What would not be as it is wanted: objects, and pods that none of these speaks for. */
function openReports(reports: Iterable<StatusReport>): readonly StatusReport[] {
  return [...reports]
    .filter(({ health, key }) => health.kind !== 'healthy' && keyParts(key).kind !== 'ReplicaSet')
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

function reportLine({ health, key }: StatusReport): string {
  return `${objectText(key)}: ${healthText(health)}`
}

function simulationJson(
  { scenario, snapshot }: Simulation,
  steps: readonly Step[],
  { end, kind, tookMs }: Rehearsed,
): unknown {
  return {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Simulation',
    commit: snapshot.desired.commit,
    scenario,
    steps,
    settled: kind === 'settled',
    tookMs,
    nodes: [...(end.snapshot?.observed.nodes.values() ?? [])].map(({ name, pods, reachable }) => ({
      name,
      reachable,
      pods: pods.size,
    })),
    objects: [...(end.plan?.statuses.values() ?? [])]
      .filter(({ key }) => keyParts(key).kind !== 'Pod')
      .map(({ health, key }) => ({ object: key, health })),
    problems: end.problems,
  }
}
