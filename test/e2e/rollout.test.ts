import { expect, test } from 'vitest'
import { type World, eventually } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { workload } from '../support/manifests.ts'
import { files } from '../support/pods.ts'
import { runningContainers } from '../support/containers.ts'

let world: World

ownWorld((own) => {
  world = own
})

/** Serves its version; ready a moment after its start, so that a rollout has to wait for it. */
function web(replicas: number, tag: string): Readonly<Record<string, string>> {
  const container = {
    name: 'web',
    image: `reconcile/web:${tag}`,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
  }
  const pod = { terminationGracePeriodSeconds: 1, containers: [container] }
  const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
  return files(workload('Deployment', 'web', pod, { replicas, strategy }))
}

async function images(): Promise<readonly string[]> {
  return (await world.pods()).map((pod) => pod.spec.containers[0]?.image ?? '').toSorted()
}

/** Samples how many pods are ready while `work` runs; the least that it saw. */
async function fewestReady(work: Promise<unknown>): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY
  let done = false
  void work.finally(() => {
    done = true
  })
  while (!done) {
    const pods = await world.pods()
    const ready = pods.filter((pod) =>
      pod.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
    )
    fewest = Math.min(fewest, ready.length)
  }
  return fewest
}

test('a Deployment is started, scaled, updated, broken, reverted and deleted, and each time exactly the right containers run', async () => {
  await world.commit(web(3, '1'))
  const first = await world.once()
  expect(first, first.stderr).toMatchObject({ exitCode: 0 })
  expect(await runningContainers(world.root)).toHaveLength(3)
  const before = new Set((await world.pods()).map((pod) => pod.metadata.uid))

  await world.commit(web(5, '1'))
  expect((await world.once()).exitCode).toBe(0)
  const scaled = await world.pods()
  expect(await runningContainers(world.root)).toHaveLength(5)
  expect(scaled.filter((pod) => before.has(pod.metadata.uid))).toHaveLength(3)

  await world.commit(web(5, '2'))
  const rolling = world.once()
  expect(await fewestReady(rolling)).toBeGreaterThanOrEqual(4)
  expect((await rolling).exitCode).toBe(0)
  expect(await images()).toEqual(Array.from({ length: 5 }, () => 'reconcile/web:2'))
  expect(await runningContainers(world.root)).toHaveLength(5)

  await world.commit(web(5, 'not-there'))
  const broken = await world.once('--timeout', '60s')
  expect(broken.exitCode).toBe(1)
  expect(broken.stderr).toMatch(/reconcile\/web:not-there/)
  const serving = (await world.pods()).filter((pod) => pod.spec.containers[0]?.image === 'reconcile/web:2')
  expect(serving.length).toBeGreaterThanOrEqual(4)
  expect(await runningContainers(world.root)).toHaveLength(serving.length)

  await world.commit(web(5, '2'))
  const reverted = await world.once()
  expect(reverted, reverted.stderr).toMatchObject({ exitCode: 0 })
  expect(await images()).toEqual(Array.from({ length: 5 }, () => 'reconcile/web:2'))
  const kept = new Set((await world.pods()).map((pod) => pod.metadata.uid))
  expect(serving.filter((pod) => kept.has(pod.metadata.uid))).toHaveLength(serving.length)

  await world.commit({})
  expect((await world.once()).exitCode).toBe(0)
  expect(await world.pods()).toEqual([])
  expect(await runningContainers(world.root)).toEqual([])
}, 180_000)

test('a second run of the same commit changes nothing and says so', async () => {
  await world.commit(web(2, '1'))
  expect((await world.once()).exitCode).toBe(0)
  const before = await runningContainers(world.root)
  const again = await world.once()
  expect(again.exitCode).toBe(0)
  expect(again.stderr + again.stdout).toMatch(/nothing (to do|changed)/)
  expect(await runningContainers(world.root)).toEqual(before)
  const plan = await world.run('plan', '--detailed-exitcode', '--repo', world.repo)
  expect(plan, plan.stdout).toMatchObject({ exitCode: 0 })
})

test('the pods answer on their own addresses with the page of their version', async () => {
  await world.commit(web(2, '3'))
  expect((await world.once()).exitCode).toBe(0)
  const pages = await Promise.all(
    (await world.pods()).map(async (pod) => (await fetch(`http://${pod.status.podIP}:8080/`)).text()),
  )
  expect(pages).toHaveLength(2)
  for (const page of pages) expect(page).toMatch(/3/)
})

test('a bare Pod whose spec changed is replaced, the old one gone first', async () => {
  const pod = (message: string) => `apiVersion: v1
kind: Pod
metadata: {name: single}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: main, image: "busybox:1.36", command: ["sh", "-c", "echo ${message}; exec sleep 3600"]}
`
  await world.commit({ 'pod.yaml': pod('one') })
  expect((await world.once()).exitCode).toBe(0)
  const old = await world.pod('single')
  await world.commit({ 'pod.yaml': pod('two') })
  expect((await world.once()).exitCode).toBe(0)
  const now = await world.pod('single')
  expect(now.metadata.uid).not.toBe(old.metadata.uid)
  const logs = await eventually(
    async () => (await world.run('logs', 'single')).stdout,
    (text) => text.length > 0,
  )
  expect(logs).toBe('two')
})
