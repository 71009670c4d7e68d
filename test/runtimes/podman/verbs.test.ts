import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { containerName } from '../../../engine/runtimes/dockerLike/names.ts'
import { podPaths, rootPaths } from '../../../engine/runtimes/oci/paths.ts'
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
