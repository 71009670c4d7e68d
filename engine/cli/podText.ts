import type { ContainerStatus, Pod } from '../api/generated/types.ts'

/** A pod's row as `kubectl get pods` computes it. */
export interface PodRow {
  readonly ready: string
  readonly status: string
  readonly restarts: number
  /** When a container last ended, of those that were restarted. */
  readonly lastRestart?: string
}

export function podRow(pod: Pod): PodRow {
  const status = pod.status ?? {}
  const inits = status.initContainerStatuses ?? []
  const mains = status.containerStatuses ?? []
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map((one) => one.name),
  )
  const counted = [...inits.filter((one) => sidecars.has(one.name)), ...mains]
  const total = (pod.spec?.containers.length ?? 0) + sidecars.size
  const lastRestart = [...inits, ...mains]
    .flatMap((one) => one.lastState?.terminated?.finishedAt ?? [])
    .toSorted()
    .at(-1)
  return {
    ready: `${counted.filter((one) => one.ready).length}/${total}`,
    status: statusText(pod, inits, mains, sidecars),
    restarts: [...inits, ...mains].reduce((sum, one) => sum + one.restartCount, 0),
    ...(lastRestart === undefined ? {} : { lastRestart }),
  }
}

function statusText(
  pod: Pod,
  inits: readonly ContainerStatus[],
  mains: readonly ContainerStatus[],
  sidecars: ReadonlySet<string>,
): string {
  if (isOutOfReach(pod)) return 'Unknown'
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const { phase = 'Unknown', reason } = pod.status ?? {}
  const init = phase === 'Pending' ? initText(inits, sidecars) : undefined
  if (init !== undefined) return init
  // kubectl goes through the containers from the last to the first, and the first one with something to say wins.
  for (const one of mains) {
    const said = containerText(one)
    if (said !== undefined) return said === 'Completed' && mains.some(isRunning) ? runningText(pod) : said
  }
  return reason ?? (phase === 'Running' ? runningText(pod) : phase)
}

/** Its node is lost, and it had not ended: what is known of it is as old as the node's last answer. kubectl shows less of that. */
function isOutOfReach({ status }: Pod): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
  return status?.conditions?.some((one) => one.type === 'Ready' && one.reason === 'NodeNotReady') === true
}

function runningText(pod: Pod): string {
  if (pod.status?.conditions?.some((one) => one.type === 'reconcile.dev/Frozen') === true) return 'Frozen'
  const ready = pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')
  const ended = pod.status?.containerStatuses?.some((one) => one.state?.terminated !== undefined)
  return ended === true && ready !== true ? 'NotReady' : 'Running'
}

function isRunning(status: ContainerStatus): boolean {
  return status.state?.running !== undefined
}

function containerText({ state }: ContainerStatus): string | undefined {
  if (state?.waiting !== undefined) return state.waiting.reason ?? 'Waiting'
  const ended = state?.terminated
  if (ended === undefined) return undefined
  if (ended.reason !== undefined && ended.reason !== '') return ended.reason
  return ended.signal === undefined || ended.signal === 0
    ? `ExitCode:${ended.exitCode}`
    : `Signal:${ended.signal}`
}

function initText(inits: readonly ContainerStatus[], sidecars: ReadonlySet<string>): string | undefined {
  for (const [index, one] of inits.entries()) {
    const { terminated } = one.state ?? {}
    if (terminated?.exitCode === 0 || (sidecars.has(one.name) && one.started === true)) continue
    const said = containerText(one)
    if (said !== undefined && said !== 'PodInitializing') return `Init:${said}`
    return `Init:${index}/${inits.length}`
  }
  return undefined
}

/** `web: restarted 3 times, last ended with exit code 137 (OOMKilled)` for each container that was. */
export function restartLines(pod: Pod): readonly string[] {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return all.flatMap(({ name, restartCount, lastState, state }) => {
    const ended = lastState?.terminated ?? state?.terminated
    if (restartCount === 0 || ended === undefined) return []
    const times = restartCount === 1 ? 'once' : `${restartCount} times`
    const reason = ended.reason === undefined ? '' : ` (${ended.reason})`
    return [`container ${name} was restarted ${times}, last ended with exit code ${ended.exitCode}${reason}`]
  })
}
