import { execa } from 'execa'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunningContainer, runningContainers } from '../../support/containers.ts'
import type { LogLine } from '../../support/daemon.ts'
import { machineTraces, rootIdOf } from '../../support/machine.ts'
import type { Chaos } from './chaos.ts'
import { type Wanted, WITNESS_COMMAND } from './wanted.ts'

/** What was done, and which line of the log an operator would find it explained by. */
export interface Done {
  readonly what: string
  readonly explainedBy: (line: LogLine) => boolean
}

export interface Step {
  readonly name: string
  readonly weight: number
  /** Undefined: there was nothing to do it to. */
  run(chaos: Chaos): Promise<Done | undefined>
}

export const STEPS: readonly Step[] = [
  { name: 'change the manifests', weight: 8, run: change },
  { name: 'commit a broken manifest', weight: 2, run: breakManifests },
  { name: 'delete every manifest', weight: 1, run: deleteEverything },
  { name: 'rewrite history', weight: 1, run: rewriteHistory },
  { name: 'take the repository away', weight: 1, run: hideRepository },
  { name: 'damage the branch', weight: 1, run: damageBranch },
  { name: 'stop the registry for a while', weight: 1, run: stopRegistry },
  { name: 'kill a container', weight: 4, run: killContainer },
  { name: 'kill a monitor', weight: 2, run: killMonitor },
  { name: 'let a monitor stand still', weight: 1, run: stopMonitor },
  { name: 'take a network namespace away', weight: 2, run: unpinNetwork },
  { name: 'take a link away', weight: 2, run: removeLink },
  { name: 'remove the bridge', weight: 1, run: removeBridge },
  { name: "remove a pod's folder", weight: 2, run: removePodFolder },
  { name: "remove a pod's record", weight: 1, run: removeRecord },
  { name: 'kill the engine', weight: 3, run: killEngine },
  { name: 'end the engine', weight: 1, run: endEngine },
  { name: 'ask the engine to look again', weight: 1, run: hangUp },
]

async function change(chaos: Chaos): Promise<Done> {
  return applied(chaos, await chaos.commit(changed(chaos)), 'manifests changed')
}

function changed({ random, wanted }: Chaos): Wanted {
  const version = 1 + random.below(5_000)
  const { agent, lone, set, web } = wanted
  switch (random.below(6)) {
    case 0:
      return { ...wanted, web: { replicas: random.below(4), version: web.version } }
    case 1:
      return { ...wanted, web: { replicas: Math.max(1, web.replicas), version } }
    case 2:
      return { ...wanted, set: { replicas: random.below(3), version: set.version } }
    case 3:
      return { ...wanted, set: { replicas: Math.max(1, set.replicas), version } }
    case 4:
      return { ...wanted, agent: agent === undefined ? { version } : undefined }
    default:
      return { ...wanted, lone: lone === undefined ? { version } : undefined }
  }
}

function applied(chaos: Chaos, commit: string, what: string): Done {
  return { what: `${what}: ${commit.slice(0, 12)}`, explainedBy: orPassedOver(chaos, commit, () => true) }
}

function isAbout(commit: string, { commit: about, message }: LogLine): boolean {
  return about === commit || message.includes(commit.slice(0, 12))
}

const SEEN = /^commit ([0-9a-f]{12}) is seen(?:, after ([0-9a-f]{12}))?/
/** An engine that begins says only what it sees first. */
const BEFORE_START_MAX = 20

/** Between two looks commits may be passed over: then the log has one from before it and one from after it in one line. */
function orPassedOver(
  { commits }: Chaos,
  commit: string,
  says: (line: LogLine) => boolean,
): (line: LogLine) => boolean {
  const placeOf = (short: string): number => commits.findLastIndex((one) => one.startsWith(short))
  return (line) => {
    if (isAbout(commit, line) && says(line)) return true
    const [, seen, after] = SEEN.exec(line.message) ?? []
    if (seen === undefined) return false
    const place = commits.indexOf(commit)
    const from = after === undefined ? placeOf(seen) - BEFORE_START_MAX : placeOf(after)
    return from < place && place < placeOf(seen)
  }
}

/** The commit is refused; what runs stays as it was, and the next change is applied. */
async function breakManifests(chaos: Chaos): Promise<Done> {
  const commit = await chaos.commitFiles({
    'web.yaml': 'apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: web}\n',
  })
  return {
    what: `a broken manifest: ${commit.slice(0, 12)}`,
    explainedBy: orPassedOver(chaos, commit, ({ level }) => level === 'error'),
  }
}

async function deleteEverything(chaos: Chaos): Promise<Done> {
  const commit = await chaos.commitFiles({})
  return {
    what: `every manifest deleted: ${commit.slice(0, 12)}`,
    explainedBy: orPassedOver(chaos, commit, ({ message }) => message.includes('is held')),
  }
}

async function rewriteHistory(chaos: Chaos): Promise<Done> {
  await chaos.world.git('checkout', '--quiet', '--orphan', 'rewritten')
  const commit = await chaos.commit(changed(chaos))
  await chaos.world.git('branch', '--quiet', '--force', 'main', 'rewritten')
  await chaos.world.git('checkout', '--quiet', 'main')
  await chaos.world.git('branch', '--quiet', '-D', 'rewritten')
  return applied(chaos, commit, 'history rewritten')
}

async function hideRepository(chaos: Chaos): Promise<Done> {
  const { repo } = chaos.world
  renameSync(repo, `${repo}-hidden`)
  await chaos.pause(2_000)
  renameSync(`${repo}-hidden`, repo)
  // Between two looks nobody may have missed it.
  return applied(chaos, await chaos.commit(chaos.wanted), 'the repository was away for two seconds')
}

async function damageBranch(chaos: Chaos): Promise<Done> {
  const ref = join(chaos.world.repo, '.git/refs/heads/main')
  const good = readFileSync(ref)
  writeFileSync(ref, 'no commit id\n')
  await chaos.pause(1_000)
  writeFileSync(ref, good)
  await chaos.commit(chaos.wanted)
  return { what: 'the branch was damaged for a second', explainedBy: isAboutSource }
}

function isAboutSource({ level, message }: LogLine): boolean {
  return level !== 'info' && /repository|branch/i.test(message)
}

/** Nothing that runs needs it; what is to be pulled meanwhile waits. */
async function stopRegistry(chaos: Chaos): Promise<Done> {
  await chaos.withoutRegistry(1_500)
  return { what: 'the registry was down for a second and a half', explainedBy: () => true }
}

async function someContainer(chaos: Chaos): Promise<RunningContainer | undefined> {
  const all = await runningContainers(chaos.world.root)
  return chaos.random.oneOf(
    all.filter(({ command }) => command.startsWith('sleep') && command !== WITNESS_COMMAND),
  )
}

async function killContainer(chaos: Chaos): Promise<Done | undefined> {
  const container = await someContainer(chaos)
  if (container === undefined) return undefined
  if (!sent('SIGKILL', container.pid)) return undefined
  return explainedForPod(chaos, podOf(container), `container killed: ${container.command}`)
}

async function killMonitor(chaos: Chaos): Promise<Done | undefined> {
  return await signalMonitor(chaos, 'SIGKILL', 'monitor killed')
}

async function stopMonitor(chaos: Chaos): Promise<Done | undefined> {
  return await signalMonitor(chaos, 'SIGSTOP', 'monitor stopped')
}

async function signalMonitor(
  chaos: Chaos,
  signal: 'SIGKILL' | 'SIGSTOP',
  what: string,
): Promise<Done | undefined> {
  const container = await someContainer(chaos)
  if (container === undefined) return undefined
  if (!sent(signal, container.monitor)) return undefined
  // One that stands still is noticed at the latest when its container ends.
  if (signal === 'SIGSTOP') sent('SIGKILL', container.pid)
  return explainedForPod(chaos, podOf(container), `${what}: ${container.command}`)
}

/** False: it has ended since it was found. */
function sent(signal: 'SIGKILL' | 'SIGSTOP', pid: number): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** Of a container's id: the pod's uid stands before the container's name. */
function podOf({ id }: RunningContainer): string {
  return id.slice(0, 36)
}

/** Whoever has neither the record nor the sandbox can only tell the uid. */
function explainedForPod(chaos: Chaos, uid: string, what: string): Done {
  const pod = chaos.podName(uid)
  return {
    what: `${what} (pod ${pod} ${uid})`,
    explainedBy: ({ message, pod: about }) =>
      message.includes(uid) || pod === undefined || about?.endsWith(pod) === true || message.includes(pod),
  }
}

/** Of the pods that may be disturbed, one. */
function somePod(chaos: Chaos): string | undefined {
  const folder = join(chaos.world.root, 'pods')
  const uids = readdirSync(folder).filter((uid) => existsSync(join(folder, uid, 'pod.json')))
  return chaos.random.oneOf(uids.filter((uid) => chaos.podName(uid) !== 'witness'))
}

async function unpinNetwork(chaos: Chaos): Promise<Done | undefined> {
  const uid = somePod(chaos)
  if (uid === undefined) return undefined
  const pin = machineTraces(chaos.world.root)
    .mounts.map((line) => line.split(' ')[4] ?? '')
    .find((path) => path.includes(uid) && path.endsWith('/net'))
  if (pin === undefined) return undefined
  await execa('umount', [pin], { reject: false })
  return explainedForPod(chaos, uid, 'network namespace unpinned')
}

async function removeLink(chaos: Chaos): Promise<Done | undefined> {
  const uid = somePod(chaos)
  const link = uid === undefined ? undefined : linkOf(chaos, uid)
  if (uid === undefined || link === undefined) return undefined
  await execa('ip', ['link', 'delete', link], { reject: false })
  return explainedForPod(chaos, uid, `link ${link} deleted`)
}

/** The node's end; undefined: it is not made yet, or gone. */
function linkOf({ world }: Chaos, uid: string): string | undefined {
  const file = join('/run/reconcile', rootIdOf(world.root), 'pods', uid, 'sandbox.json')
  if (!existsSync(file)) return undefined
  const { link } = JSON.parse(readFileSync(file, 'utf8')) as { readonly link?: { readonly name: string } }
  return link?.name
}

async function removeBridge(chaos: Chaos): Promise<Done> {
  await execa('ip', ['link', 'delete', `rc-${rootIdOf(chaos.world.root)}`], { reject: false })
  return { what: 'the bridge was removed', explainedBy: ({ message }) => /bridge|network/i.test(message) }
}

async function removePodFolder(chaos: Chaos): Promise<Done | undefined> {
  return removeOfPod(chaos, '', "a pod's folder was removed")
}

async function removeRecord(chaos: Chaos): Promise<Done | undefined> {
  return removeOfPod(chaos, 'pod.json', "a pod's record was removed")
}

function removeOfPod(chaos: Chaos, file: string, what: string): Done | undefined {
  const uid = somePod(chaos)
  if (uid === undefined) return undefined
  const done = explainedForPod(chaos, uid, what)
  // The engine may be writing into it.
  rmSync(join(chaos.world.root, 'pods', uid, file), { recursive: true, force: true, maxRetries: 20 })
  return done
}

async function killEngine(chaos: Chaos): Promise<Done> {
  await chaos.restart('SIGKILL')
  return { what: 'the engine was killed', explainedBy: isStart }
}

async function endEngine(chaos: Chaos): Promise<Done> {
  await chaos.restart('SIGTERM')
  return { what: 'the engine was ended', explainedBy: isStart }
}

async function hangUp(chaos: Chaos): Promise<Done> {
  chaos.daemon.signal('SIGHUP')
  return {
    what: 'the engine was asked to look again',
    // One that is just beginning looks at everything.
    explainedBy: (line) => /look again/.test(line.message) || isStart(line),
  }
}

function isStart({ message }: LogLine): boolean {
  return /start/i.test(message)
}
