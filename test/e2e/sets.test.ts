import { expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import type { World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'

let world: World

ownWorld((own) => {
  world = own
})

/** Each pod writes its version into its own claim when it starts. */
function database(replicas: number, version: number, partition = 0): Readonly<Record<string, string>> {
  return {
    'db.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: ${replicas}
  serviceName: db
  selector: {matchLabels: {app: db}}
  updateStrategy: {rollingUpdate: {partition: ${partition}}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, "echo ${version} >> /data/versions; exec sleep 3600"]
          volumeMounts: [{name: data, mountPath: /data}]
          readinessProbe: {exec: {command: [test, -s, /data/versions]}, periodSeconds: 1}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
`,
  }
}

function agent(version: number, selector = '{}'): Readonly<Record<string, string>> {
  return {
    'agent.yaml': `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      nodeSelector: ${selector}
      terminationGracePeriodSeconds: 0
      containers:
        - {name: main, image: busybox:1.36, command: [sh, -c, "exec sleep 3600"], env: [{name: VERSION, value: "${version}"}]}
`,
  }
}

async function applied(files: Readonly<Record<string, string>>): Promise<void> {
  await world.commit(files)
  const run = await world.once()
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
}

/** What each pod has in its claim: `1,2` for a pod that was started with version 1, then with 2. */
async function versions(...pods: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(pods.map((pod) => world.exec(pod, 'cat', '/data/versions')))
  return texts.map((text) => text.trim().split('\n').join(','))
}

async function uids(): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await world.pods()).map(({ metadata }) => [metadata.name, metadata.uid]))
}

test('a StatefulSet comes in order, is rolled as far as its partition goes, and every ordinal keeps its name and its data', async () => {
  await applied(database(3, 1))
  expect(await versions('db-0', 'db-1', 'db-2')).toEqual(['1', '1', '1'])
  expect(await world.exec('db-1', 'hostname')).toBe('db-1')
  const first = await uids()

  await applied(database(3, 2, 2))
  expect(await versions('db-0', 'db-1', 'db-2')).toEqual(['1', '1', '1,2'])
  const second = await uids()
  expect(second).toMatchObject({ 'db-0': first['db-0'], 'db-1': first['db-1'] })
  expect(second['db-2']).not.toBe(first['db-2'])

  await applied(database(3, 2))
  expect(await versions('db-0', 'db-1', 'db-2')).toEqual(['1,2', '1,2', '1,2'])
  expect(await runningContainers(world.root)).toHaveLength(3)
  const status = await world.run('status', '--repo', world.repo)
  expect(status.stdout).toMatch(/^default +statefulset\/db +3\/3 +\S+ +healthy$/m)

  // scaled down and up again: the claims were kept
  await applied(database(1, 2))
  expect(Object.keys(await uids())).toEqual(['db-0'])
  await applied(database(2, 2))
  expect(await versions('db-0', 'db-1')).toEqual(['1,2', '1,2,2'])
}, 120_000)

test('a StatefulSet whose claim templates change is refused in the words of Kubernetes, and runs on', async () => {
  const before = await uids()
  const [file, text = ''] = Object.entries(database(2, 3))[0] ?? []
  await world.commit({ [file ?? '']: text.replace('1Mi', '2Mi') })
  const refused = await world.once()
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain(
    'StatefulSet "db" is invalid: spec: Forbidden: updates to statefulset spec for fields other than',
  )
  expect(await uids()).toEqual(before)
}, 60_000)

test('a DaemonSet has its pod on the node, the new one beside the old one before that goes, and none where none matches', async () => {
  await applied(agent(1))
  const [old] = Object.values(await uids())
  expect(await world.exec('ds/agent', 'sh', '-c', 'echo $VERSION')).toBe('1')
  await applied(agent(2))
  expect(await world.exec('ds/agent', 'sh', '-c', 'echo $VERSION')).toBe('2')
  expect(Object.values(await uids())).not.toContain(old)
  expect(await runningContainers(world.root)).toHaveLength(1)
  const status = await world.run('status', '--repo', world.repo)
  expect(status.stdout).toMatch(/^default +daemonset\/agent +1 +1 +1 +1 +1 +<none> +\S+ +healthy$/m)
  await applied(agent(2, '{disk: ssd}'))
  expect(await uids()).toEqual({})
}, 90_000)
