import type { RestartRule, StartContainerRequest } from '../../../api/cri.ts'
import { LOG_LIMITS } from '../../../api/logLimits.ts'
import type { Timestamp } from '../../../api/names.ts'
import { exceptions } from '../../../api/restarts.ts'
import type { ContainerPaths, PodPaths, RootPaths } from '../paths.ts'
import type { LocalImage } from '../images/store.ts'

/** The file that tells hook.sh how to start a container and when to start it again: docs/decisions/001-rule-file.md. */
export interface RuleParts {
  readonly paths: Pick<RootPaths, 'events' | 'runtimeState'>
  readonly pod: Pick<PodPaths, 'directory' | 'run'>
  readonly container: Pick<ContainerPaths, 'id'>
  readonly request: Pick<
    StartContainerRequest,
    'uid' | 'container' | 'restart' | 'terminationMessagePolicy' | 'logBytesMax' | 'stdin' | 'tty'
  >
  readonly image: Pick<LocalImage, 'id' | 'reference'>
  readonly stopSignal: string
  readonly runtime: string
  readonly conmon: string
  readonly layers: LowerLayers
  readonly oomFile: string
  readonly monitors: readonly string[]
  /** The node's number for the container's root, where its users are the pod's own. */
  readonly owner?: number
  /** lxcfs' folder: the hook chooses between the configuration with it and the one without. */
  readonly lxcfs?: string
  /** The file that tells which cpus are everybody's; absent for a container that has its own. */
  readonly sharedCpus?: string
  /** The file that holds the container to its time of processors, and what is written to it. */
  readonly cpuLimit?: { readonly file: string; readonly value: string }
}

export const RULE_VERSION = 1

export function ruleText(parts: RuleParts): string {
  const { container, image, layers, paths, pod, request } = parts
  const lines: readonly (readonly [key: string, value: string])[] = [
    ['version', String(RULE_VERSION)],
    ['uid', request.uid],
    ['name', request.container],
    ['id', container.id],
    ['pod', pod.directory],
    ['run', pod.run],
    ['events', paths.events],
    ['runtime', parts.runtime],
    ['state', paths.runtimeState],
    ['conmon', parts.conmon],
    ['layers', layers.directory],
    ['lower', layers.lower],
    ['policy', request.restart.policy],
    ['delays', request.restart.delaysSeconds.join(' ')],
    ['reset', String(request.restart.resetAfterSeconds)],
    // As numbers between spaces, for the hook to find one in; empty but for containers with rules of their own.
    ['restart_on', exceptions(request.restart).restart.join(' ')],
    ['stay_on', exceptions(request.restart).stay.join(' ')],
    ['deadline', deadlineSeconds(request.restart.deadline)],
    ['message', request.terminationMessagePolicy],
    // conmon begins the file anew when it is full, with or without an engine, so that no container fills the disk.
    ['log_bytes', String(request.logBytesMax ?? LOG_LIMITS.bytesMax)],
    ['oom_file', parts.oomFile],
    ['monitors', parts.monitors.join(' ')],
    ['stdin', request.stdin ?? ''],
    ['terminal', request.tty === true ? 'true' : ''],
    ['owner', parts.owner === undefined ? '' : String(parts.owner)],
    ['lxcfs', parts.lxcfs ?? ''],
    ['shared_cpus', parts.sharedCpus ?? ''],
    ['cpu_file', parts.cpuLimit?.file ?? ''],
    ['cpu_limit', parts.cpuLimit?.value ?? ''],
    // For the engine alone.
    ['image', image.id],
    ['reference', image.reference],
    ['stop_signal', parts.stopSignal],
  ]
  return lines.map(([key, value]) => `${key}=${oneLine(key, value)}\n`).join('')
}

/** Since 1970, rounded up; empty: the pod has all the time it likes. */
function deadlineSeconds(deadline: Timestamp | undefined): string {
  if (deadline === undefined) return ''
  return String(Math.ceil(Temporal.Instant.from(deadline).epochMilliseconds / 1000))
}

function oneLine(key: string, value: string): string {
  if (!/[\n\0]/.test(value)) return value
  throw new Error(`${key} holds a line end: ${JSON.stringify(value)}`)
}

/** What a listing needs of it. */
export interface Rule {
  readonly image: { readonly id: string; readonly reference: string }
  readonly policy: RestartRule['policy']
  /** Exit codes after which the node does other than the policy says. */
  readonly restartOn: ReadonlySet<number>
  readonly stayOn: ReadonlySet<number>
  readonly stopSignal: string
}

export function parseRule(text: string): Rule | undefined {
  const values = keyValues(text)
  const policy = values.get('policy')
  if (values.get('version') !== String(RULE_VERSION)) return undefined
  if (policy !== 'Always' && policy !== 'OnFailure' && policy !== 'Never') return undefined
  return {
    image: { id: values.get('image') ?? '', reference: values.get('reference') ?? '' },
    policy,
    restartOn: numbers(values.get('restart_on')),
    stayOn: numbers(values.get('stay_on')),
    stopSignal: values.get('stop_signal') ?? '',
  }
}

function numbers(text = ''): ReadonlySet<number> {
  return new Set(text.split(' ').filter(Boolean).map(Number))
}

/** Whether the hook restarts the container after this exit: as its `restarts_after` decides. */
export function restarts({ policy, restartOn, stayOn }: Rule, exitCode: number): boolean {
  if (restartOn.has(exitCode)) return true
  if (stayOn.has(exitCode)) return false
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** The hook's own files are of the same form. */
export function keyValues(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\n').flatMap((line): [string, string][] => {
    const at = line.indexOf('=')
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
  })
  return new Map(entries)
}

/** overlayfs' lowerdir, relative to a folder, the topmost first. */
export interface LowerLayers {
  readonly directory: string
  readonly lower: string
}

/** Relative to the folder that the layers are in: mount's options have room for one page. */
export function lowerLayers(layerDirs: readonly string[], emptyDirectory: string): LowerLayers {
  const topFirst = layerDirs.length === 0 ? [emptyDirectory] : layerDirs.toReversed()
  const folders = new Set(topFirst.map((path) => path.slice(0, path.lastIndexOf('/'))))
  const [only] = folders
  if (only === undefined || folders.size > 1) return { directory: '/', lower: topFirst.join(':') }
  return { directory: only, lower: topFirst.map((path) => path.slice(only.length + 1)).join(':') }
}

/** What the kernel takes of them; what is beyond it cuts off without a word. */
const MOUNT_OPTIONS_MAX = 4095

/** For any attempt that there may ever be. */
export function fitsMountOptions(
  { lower }: LowerLayers,
  container: Pick<ContainerPaths, 'directory'>,
): boolean {
  const attempt = `${container.directory}/${Number.MAX_SAFE_INTEGER}`
  const options = `lowerdir=${lower},upperdir=${attempt}/upper,workdir=${attempt}/work`
  return options.length <= MOUNT_OPTIONS_MAX
}
