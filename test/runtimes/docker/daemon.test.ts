import { expect, test } from 'vitest'
import { ownNode } from '../oci/ownNode.ts'
import { containerRequest, type TestNode } from '../oci/support.ts'

let node: TestNode

ownNode((own) => {
  node = own
}, 'docker')

function docker(...args: readonly string[]): string {
  return node.dockerd?.run(...args) ?? ''
}

const WAITING = ['sh', '-c', 'ip -4 -o address show eth0; sleep 1000'] as const

test('containers are in the pod’s own network, and the one that led them there may do nothing', async () => {
  const uid = await node.start(WAITING)
  const { ip } = await node.listing(uid)
  await expect.poll(async () => await node.log(uid)).toContain(ip)
  const pid = docker('container', 'inspect', '--format', '{{.State.Pid}}', uid)
  const { transport } = node
  const status = new TextDecoder().decode(await transport.readFile(`/proc/${pid}/status`))
  expect(status).toMatch(/^CapEff:\s+0+$/m)
  expect(status).toMatch(/^CapBnd:\s+0+$/m)
  await node.remove(uid)
})

test('a container whose way into the pod has been removed is started by the engine, in the same network', async () => {
  const uid = await node.start(WAITING)
  const { ip } = await node.listing(uid)
  docker('container', 'rm', '--force', uid)
  expect(await node.container(uid)).toMatchObject({ state: { kind: 'running' } })
  docker('container', 'kill', `${uid}_main_0`)
  const ended = await node.until(uid, ({ state }) => state.kind === 'exited')
  expect(ended.state).toMatchObject({ exit: { exitCode: 137, lost: true } })
  await node.runtime.startContainer(containerRequest(uid, WAITING, { attempt: 1, image: node.image }))
  await expect.poll(async () => await node.log(uid)).toContain(ip)
  await node.remove(uid)
})

test('a daemon that is restarted takes its containers with it: their pods stay, and they start as the next attempt', async () => {
  const uid = await node.start(WAITING)
  const { ip } = await node.listing(uid)
  await node.dockerd?.stop()
  await expect(node.runtime.inspect(uid)).rejects.toThrow('asking docker for its containers')
  await node.dockerd?.start()
  const ended = await node.until(uid, ({ state }) => state.kind === 'exited')
  expect(ended.state).toMatchObject({ exit: { lost: true } })
  await node.runtime.startContainer(
    containerRequest(uid, WAITING, { attempt: ended.attempt + 1, image: node.image }),
  )
  await expect.poll(async () => await node.log(uid)).toContain(ip)
  expect((await node.listing(uid)).ip).toBe(ip)
  await node.remove(uid)
})

test('an image that was not pulled for the root is never collected', async () => {
  expect(await node.runtime.collectImages([])).toEqual({ images: 0, bytes: 0 })
  expect(docker('image', 'ls', '--quiet', '--no-trunc').split('\n')).toContain(node.image)
})
