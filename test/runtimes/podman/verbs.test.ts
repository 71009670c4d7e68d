import { afterAll, beforeAll, expect, test } from 'vitest'
import { machineTraces, NO_TRACES } from '../../support/machine.ts'
import { TestNode } from '../oci/support.ts'

let node: TestNode

beforeAll(async () => {
  node = await TestNode.create({}, '10.201.0.0/16', 'podman')
})

afterAll(async () => {
  await node[Symbol.asyncDispose]()
  expect(machineTraces(node.root)).toEqual(NO_TRACES)
})

test('a command in a container has its environment and tells its exit status; out of time, it is killed', async () => {
  const uid = await node.start(['sleep', '1000'], { env: [['SECRET', 'hidden']] })
  const result = await node.runtime.exec({
    uid,
    container: 'main',
    command: ['sh', '-c', 'echo $SECRET; exit 3'],
  })
  expect(result).toEqual({ exitCode: 3, output: 'hidden\n', timedOut: false })
  const slow = await node.runtime.exec({
    uid,
    container: 'main',
    command: ['sleep', '98765'],
    timeoutMs: 600,
  })
  expect(slow.timedOut).toBe(true)
  await expect.poll(async () => await node.exec(uid, ['ps'])).not.toContain('98765')
  await node.remove(uid)
})

test('a container that ends is started again by podman, and both attempts are told', async () => {
  const uid = await node.start(['sh', '-c', 'echo attempt; sleep 1; exit 7'])
  const again = await node.until(uid, ({ attempt, state }) => attempt === 1 && state.kind === 'running')
  expect(again.previous).toMatchObject({ attempt: 0, exitCode: 7 })
  expect(await node.log(uid)).toBe('attempt')
  expect(await node.log(uid, 'main', true)).toBe('attempt')
  await node.remove(uid)
  expect(await node.runtime.inspect(uid)).toBeUndefined()
})

test('a container that was stopped stays so', async () => {
  const uid = await node.start(['sh', '-c', 'trap "exit 5" TERM; while true; do sleep 0.1; done'])
  await node.stop(uid, 'main', 3000)
  const { state } = await node.container(uid)
  expect(state).toMatchObject({ kind: 'exited', exit: { exitCode: 5, lost: true } })
  await node.remove(uid)
})
