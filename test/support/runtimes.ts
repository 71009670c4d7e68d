import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DescribedPods } from '../../engine/api/podSpecs.ts'
import {
  type NodeRuntime,
  RUNTIME_DIFFERENCES,
  RUNTIME_LIMITS,
  type RuntimeLimit,
} from '../../engine/api/runtimeLimits.ts'
import type { World } from './engine.ts'

/** What runs the containers: the vitest project says so, or it is oci. */
export const RUNTIME: NodeRuntime = runtimeNamed(process.env['RECONCILE_TEST_RUNTIME'] ?? 'oci')

function runtimeNamed(name: string): NodeRuntime {
  if (name === 'oci' || name === 'podman' || name === 'docker') return name
  throw new Error(`RECONCILE_TEST_RUNTIME is ${name}: oci, podman or docker`)
}

/** With oci the repository says nothing of this machine. */
export function nodeFiles(): Readonly<Record<string, string>> {
  if (RUNTIME === 'oci') return {}
  const text = `apiVersion: reconcile.dev/v1
kind: Node
metadata: {name: ${hostname().toLowerCase()}}
spec: {runtime: ${RUNTIME}}
`
  return { 'this-node.yaml': text }
}

/**
 * A probe that runs a command, as often as can be. With podman and docker it takes a program of theirs, and docs/runtimes.md says to give it more
 * than a second where the machine may be busy.
 */
export const FAST_COMMAND = { periodSeconds: 1, ...(RUNTIME !== 'oci' && { timeoutSeconds: 5 }) } as const

type Fields = Readonly<Record<string, unknown>>

/** What a pod asks for that docs/fields.md says nodes of this runtime cannot do. */
function limitsOf(pod: Fields): readonly RuntimeLimit[] {
  return RUNTIME_LIMITS[RUNTIME].filter(({ asked }) => asked(pod as unknown as DescribedPods).length > 0)
}

/** Those of these pods that nodes of this runtime can run; of the others the tests expect that they are refused. */
export function possible(...pods: readonly Fields[]): readonly Fields[] {
  return pods.filter((pod) => limitsOf(pod).length === 0)
}

/** Whether docs/fields.md says that nodes of this runtime honour it in another way, which the test then expects. */
export function differsIn(field: string): boolean {
  const has = (runtime: NodeRuntime) => RUNTIME_DIFFERENCES[runtime].some((one) => one.field === field)
  if (!has('podman') && !has('docker')) throw new Error(`docs/fields.md tells of no difference in ${field}`)
  return has(RUNTIME)
}

/** For the test of a pod that nodes of this runtime may be unable to run: then `validate` says so, with file and line. False: they can. */
export async function isRefused(world: World, pod: Fields): Promise<boolean> {
  const limits = limitsOf(pod)
  if (limits.length === 0) return false
  const folder = mkdtempSync(join(world.folder, 'refused-'))
  const all = { ...nodeFiles(), 'pod.json': JSON.stringify(pod, undefined, 2) }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  const { exitCode, stderr, stdout } = await world.run('validate', folder)
  expect(exitCode).toBe(3)
  for (const { why } of limits)
    expect(stdout + stderr).toMatch(
      new RegExp(
        `pod\\.json:\\d+:\\d+: error: .*no node of this repository can do it: ${RegExp.escape(why)}`,
      ),
    )
  return true
}

/** docs/fields.md tells of docker that it starts nothing privileged where the machine lacks a capability: such a container says so, and waits. */
export function lacksPrivileges(): boolean {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  const own = /^CapBnd:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const hasAll = BigInt(`0x${own}`) === (1n << BigInt(last + 1)) - 1n
  return !hasAll && differsIn('spec.containers[].securityContext.privileged')
}

export const WAITS_FOR_PRIVILEGES = {
  reason: 'CreateContainerError',
  message: expect.stringContaining('all capabilities or none, and this machine lacks CAP_'),
}
