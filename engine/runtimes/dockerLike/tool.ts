import { setTimeout } from 'node:timers/promises'
import type { CreatePodRequest, StartContainerRequest } from '../../api/cri.ts'
import type { PodUid } from '../../api/names.ts'
import type { Command, CommandResult } from '../../transport/transport.ts'
import { commandFailure, type Failing } from '../oci/commands.ts'
import type { Parts } from '../oci/containers/parts.ts'
import type { ImageStore } from '../oci/images/store.ts'
import type { KeepLogs } from '../oci/logs/keep.ts'
import type { LogFolder } from '../oci/logs/files.ts'
import type { OciNode } from '../oci/ociNode.ts'
import type { SandboxParts } from '../oci/pods/makeSandbox.ts'
import type { Inspected } from './inspected.ts'
import type { RunParts } from './runParts.ts'

/** What a program with docker's command line says in words of its own: builders, and the parsers of what they print. */
export interface Tool {
  readonly name: 'podman' | 'docker'
  readonly inspectArgs: (names: readonly string[]) => readonly string[]
  /** Of the containers that are there, by name. */
  readonly parseInspected: (stdout: string) => ReadonlyMap<string, Inspected>
  /** With whatever runs in them. */
  readonly removeArgs: (names: readonly string[]) => readonly string[]
  readonly hasRemoved: (result: CommandResult) => boolean
  readonly stopArgs: (name: string, graceMs: number) => readonly string[]
  readonly runArgs: (wish: RunWish, parts: RunParts, verb?: 'run' | 'create') => readonly string[]
  /** It makes a working directory that the image does not have. */
  readonly makesFolders: boolean
  /** What is privileged has all capabilities, also those that the machine lacks. */
  readonly givesAll: boolean
  /** The node's hook hears of each end before the program does, and writes down how it was. */
  readonly hasHook: boolean
  /** What it said when it could not start a container, without its own words around it. */
  readonly refusal: (stderr: string) => string
  /** How long after its last end it starts a container again by itself. */
  readonly restartDelayMs: (found: Inspected) => number
}

export type RunWish = Pick<StartContainerRequest, 'security' | 'resources' | 'sysctls' | 'stdin' | 'tty'>

export interface Asking extends Failing, Omit<Command, 'argv'> {
  readonly signal?: AbortSignal | undefined
}

/** How a container ended, as the program's own events tell it. */
export interface ToolEnd {
  readonly name: string
  readonly exitCode: number
  readonly oomKilled: boolean
}

export interface ToolImages extends ImageStore {
  /** Somebody has changed the program's store: it is asked again. */
  readonly forget: () => void
}

export interface SeenContainer {
  /** The attempt that the engine began. */
  readonly base: number
  /** What the program keeps of it. */
  readonly folder: string
  /** Where what it writes goes to. */
  readonly upper: string
  /** Of its first process; 0: it runs no more. */
  readonly pid: number
  /** Empty: it has none. */
  readonly cgroup: string
}

/** A node whose containers such a program runs; their pods' namespaces, network, volumes and records are what they are on any node. */
export interface ToolNode extends OciNode {
  readonly tool: Tool
  readonly images: ToolImages
  readonly endContainers: (uid: PodUid, signal?: AbortSignal) => Promise<void>
  readonly command: (args: readonly string[], more?: Omit<Command, 'argv'>) => Command
  /** Its answer, also a refusal. */
  readonly ask: (args: readonly string[], asking: Asking) => Promise<CommandResult>
  /** It must succeed. */
  readonly tell: (args: readonly string[], asking: Asking) => Promise<CommandResult>
  /** By `seenKey`, of containers that the program had when they were last looked at. */
  readonly seen: Map<string, SeenContainer>
  /** False: it was never asked for anything here. */
  readonly isThere: () => Promise<boolean>
  /** What a pod has of the program's own. */
  readonly podParts: (request: CreatePodRequest, signal?: AbortSignal) => PodParts
  readonly namespaces: (parts: Parts) => RunParts['namespaces']
  /** For variables that no line of a file can hold. */
  readonly giveVariables: (
    parts: Parts,
    entries: readonly string[],
    signal?: AbortSignal,
  ) => Promise<GivenVariables>
  /** Before a container is begun: it needs nothing else by then. */
  readonly readyPod?: (parts: Parts, signal?: AbortSignal) => Promise<void>
  /** Which containers cannot be started again by the program itself, whatever their policy says. */
  readonly isStranded: (uid: PodUid, all: ReadonlyMap<string, Inspected>) => boolean
  /** Asked for beside a pod's containers. */
  readonly inspectedBeside: (uid: PodUid) => readonly string[]
  /** Ends of containers as far as they go back, the oldest first. */
  readonly ends: (names: readonly string[]) => Promise<readonly ToolEnd[]>
  /** Pods of which something has changed. */
  readonly changes: (signal: AbortSignal) => AsyncIterable<PodUid>
  /** Of the attempt that the engine began: its log, and those of what the program has made of it. */
  readonly logFolder: (uid: PodUid, container: string, base: number) => Promise<LogFolder>
  /** Before these are removed: their logs outlive them. */
  readonly saveLogs?: (names: readonly string[]) => Promise<void>
  readonly keepLogs: KeepLogs
  /** Of containers that ask for none; absent: the program's own. */
  readonly seccomp?: string
}

export interface PodParts extends Pick<SandboxParts, 'complete' | 'startPause'> {
  /** Made at the same time as the rest. */
  readonly beside?: Promise<void>
}

export interface GivenVariables {
  readonly flags: readonly string[]
  /** Of the command itself. */
  readonly env: Readonly<Record<string, string>>
}

export function seenKey(uid: PodUid, container: string): string {
  return `${uid}/${container}`
}

const REMOVALS_MAX = 5

const REMOVE_AGAIN_MS = 50

/** The program gives up on a container that ends, or that it starts again itself, at the moment of its removal. */
export async function remove(
  { ask, command, tool }: Pick<ToolNode, 'ask' | 'command'> & { readonly tool: Pick<Tool, 'hasRemoved'> },
  args: readonly string[],
  asking: Asking,
): Promise<void> {
  for (let removal = 1; ; removal += 1) {
    const result = await ask(args, asking)
    if (tool.hasRemoved(result)) return
    if (removal === REMOVALS_MAX) throw commandFailure(command(args), result, asking)
    await setTimeout(REMOVE_AGAIN_MS)
  }
}

/** Of what they have written the log is left. */
export async function removeContainers(
  node: Pick<ToolNode, 'ask' | 'command' | 'tool' | 'saveLogs'>,
  names: readonly string[],
  asking: Asking,
): Promise<void> {
  if (names.length === 0) return
  await node.saveLogs?.(names)
  await remove(node, node.tool.removeArgs(names), asking)
}
