import { join } from 'node:path'
import { engine, type Measurement, median, timed } from './measure.ts'
import type { PodBench } from './pods.ts'
import { clusterYaml, commitFiles, KEEPER_YAML, RESOURCES } from './repository.ts'

const REPLICAS = 20
const RUNS = 5

/** A Deployment of 20 real pods with the default strategy and no grace period, rolled by a commit that changes its template. */
export async function benchRollout({ folder, registry }: PodBench): Promise<readonly Measurement[]> {
  const repo = join(folder, 'rollout')
  const root = join(folder, 'rollout-root')
  const base = { 'cluster.yaml': clusterYaml(registry), 'keeper.yaml': KEEPER_YAML }
  const once = async (revision: number): Promise<number> => {
    await commitFiles(repo, { ...base, 'web.yaml': webYaml(revision) })
    return (await timed(engine('--once', '--repo', repo, '--root', root))).ms
  }
  try {
    await once(0)
    const times: number[] = []
    for (let revision = 1; revision <= RUNS; revision += 1) times.push(await once(revision))
    return [
      {
        what: `rolling update of ${REPLICAS} pods`,
        value: median(times),
        unit: 'ms',
        runs: RUNS,
        target: { text: 'under 2.5 s', most: 2500 },
      },
    ]
  } finally {
    await timed(engine('down', '--root', root))
  }
}

function webYaml(revision: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${REPLICAS}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox:1.36
          command: ["sleep", "3600"]
          env: [{name: REVISION, value: "${revision}"}]
          resources: ${RESOURCES}
`
}
