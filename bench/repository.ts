import { execa } from 'execa'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A Git repository in a folder, with these files as its one new commit. */
export async function commitFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const git = async (...args: readonly string[]) =>
    execa('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid', ...args], {
      cwd: folder,
    })
  mkdirSync(folder, { recursive: true })
  await git('init', '--quiet', '--initial-branch=main')
  await git('rm', '-r', '--quiet', '--ignore-unmatch', '.')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  await git('add', '--all')
  await git('commit', '--quiet', '--allow-empty', '--message', 'bench')
}

export const LIMITS = { cpu: '100m', memory: '32Mi' }

/** Without requests of their own pods ask for their limits, and a hundred of these would not fit on a small machine. */
export const RESOURCES = `{limits: {cpu: ${LIMITS.cpu}, memory: ${LIMITS.memory}}, requests: {cpu: 10m, memory: 4Mi}}`

/** The cluster of the benchmark: a CIDR of its own, and the registry on loopback. */
export function clusterYaml(registry: string): string {
  return `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: bench}
spec:
  podCIDR: 10.232.0.0/16
  registries: {mirrors: {docker.io: ["${registry}"]}}
  # Whole sets of pods are removed here, and that is meant so.
  sync: {maxDeletePercent: 100}
`
}

/** `count` bare pods in one file: the same program, image and limits as the raw loop's. */
export function podsYaml(count: number): string {
  return Array.from({ length: count }, (_, index) => podYaml(`pod-${index}`)).join('---\n')
}

export function podYaml(name: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: bench}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1.36
      command: ["sleep", "3600"]
      resources: ${RESOURCES}
`
}

/** Scaled to nothing: it keeps the image on the node while no pod runs. */
export const KEEPER_YAML = deploymentYaml(0).replace('metadata:\n  name: app-0', 'metadata:\n  name: keeper')

/** Objects as repositories hold them, in files of ten: ConfigMaps, and Deployments that are scaled to nothing. */
export function objectFiles(count: number): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  for (let first = 0; first < count; first += 10) {
    const names = Array.from({ length: Math.min(10, count - first) }, (_, index) => first + index)
    files[`apps/group-${first / 10}.yaml`] = names
      .map((n) => (n % 2 === 0 ? configMapYaml(n) : deploymentYaml(n)))
      .join('---\n')
  }
  return files
}

function configMapYaml(n: number): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: config-${n}, labels: {app: app-${n}}}
data:
  LOG_LEVEL: info
  app.conf: |
    listen = 0.0.0.0:8080
    workers = ${n % 8}
`
}

function deploymentYaml(n: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-${n}
  labels: {app: app-${n}}
spec:
  replicas: 0
  selector:
    matchLabels: {app: app-${n}}
  template:
    metadata:
      labels: {app: app-${n}}
    spec:
      containers:
        - name: main
          image: busybox:1.36
          command: ["sleep", "3600"]
          env:
            - {name: NAME, value: app-${n}}
          ports: [{name: http, containerPort: 8080}]
          readinessProbe:
            httpGet: {path: /, port: http}
          resources:
            limits: {cpu: 100m, memory: 32Mi}
`
}
