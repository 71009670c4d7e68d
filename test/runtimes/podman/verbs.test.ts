import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { containerName } from '../../../engine/runtimes/dockerLike/names.ts'
import { podPaths, rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import type { ObservedContainer } from '../../../engine/api/snapshot.ts'
import { machineTraces } from '../../support/machine.ts'
import { ownNode } from '../oci/ownNode.ts'
import { containerRequest, podRequest, type TestNode } from '../oci/support.ts'

let node: TestNode

ownNode((own) => {
  node = own
}, 'podman')

test('a start that was cut off while podman was given the environment is made once more', async () => {
  const uid = node.newUid()
  await node.runtime.createPod(podRequest(uid))
  const { run } = podPaths(await rootPaths(node.transport, node.root), uid)
  writeFileSync(`${run}/podman-secrets`, `${containerName(uid, 'main', 0)}_0\n`)
  const env = [['TEXT', 'two\nlines']] as const
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { image: node.image, env }))
  expect(await node.exec(uid, ['sh', '-c', 'echo "$TEXT"'])).toBe('two\nlines')
  await node.remove(uid)
})

test('what ends again and again waits as long as it is told to, with no engine asked, and both of its last ends are told whole', async () => {
  const restart = { policy: 'Always', delaysSeconds: [0, 300], resetAfterSeconds: 600 } as const
  const script = 'date +%s >/dev/termination-log; exit 3'
  const uid = await node.start(['sh', '-c', script], { restart })
  const waits = await node.until(uid, ({ state }) => state.kind === 'exited' && delayOf(state) > 0)
  expect(waits).toMatchObject({
    attempt: 1,
    state: { exit: { attempt: 1, exitCode: 3, message: expect.stringMatching(/^\d+\n$/) } },
    previous: { attempt: 0, exitCode: 3, oomKilled: false, message: expect.stringMatching(/^\d+\n$/) },
  })
  expect(waits.state.kind === 'exited' && delayOf(waits.state)).toBeGreaterThanOrEqual(300)
  const { finishedAt = '', startedAt = '' } = waits.previous ?? {}
  expect(Date.parse(finishedAt)).toBeGreaterThan(Date.parse(startedAt))
  await node.remove(uid)
  expect(machineTraces(node.root).processes.filter((line) => line.includes(uid))).toEqual([])
})

/** Seconds. */
function delayOf({ exit, restartAt }: Extract<ObservedContainer['state'], { kind: 'exited' }>): number {
  const end = Temporal.Instant.from(exit.finishedAt)
  return end.until(restartAt ?? exit.finishedAt).total('seconds')
}

test('what is killed for want of memory says so', async () => {
  const restart = { policy: 'Never', delaysSeconds: [], resetAfterSeconds: 600 } as const
  const resources = { cpuShares: 2, memoryLimitBytes: 16 * 1024 * 1024 }
  const uid = await node.start(['tail', '/dev/zero'], { restart, resources })
  const { state } = await node.until(uid, (container) => container.state.kind === 'exited')
  expect(state).toMatchObject({ exit: { exitCode: 137, oomKilled: true } })
  await node.remove(uid)
})
