import { describe, expect, test } from 'vitest'
import { ownNode } from './oci/ownNode.ts'
import type { TestNode } from './oci/support.ts'

let node: TestNode

/** What is the same whoever runs the containers. */
describe.each(['oci', 'podman', 'docker'] as const)('on a node with %s', (kind) => {
  ownNode((own) => {
    node = own
  }, kind)

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
})
