import { afterAll, beforeAll, expect, test } from 'vitest'
import { machineTraces, NO_TRACES } from '../../support/machine.ts'
import { TestNode } from './support.ts'

let node: TestNode
beforeAll(async () => {
  node = await TestNode.create()
}, 30_000)
afterAll(async () => {
  await node[Symbol.asyncDispose]()
  expect(machineTraces(node.root)).toEqual(NO_TRACES)
}, 60_000)

test('the node is told of as it is', async () => {
  const info = await node.runtime.check()
  expect(info.runtime).toMatch(/^(runc|crun) \d/)
  expect(info.cpuMillis).toBeGreaterThan(0)
})

test("a container's process is number 1, has the pod's name, and runs under a seccomp filter", async () => {
  const uid = await node.start(['sleep', '1000'])
  expect(await node.exec(uid, ['sh', '-c', 'cat /proc/1/cmdline | tr "\\0" " "; hostname; grep Seccomp: /proc/1/status'])).toBe('sleep 1000 web\nSeccomp:\t2')
  await node.remove(uid)
})
