import { eventually, type ShownContainer, type ShownPod, type World } from './engine.ts'

type Fields = Readonly<Record<string, unknown>>

/** One file for a commit; JSON is YAML, and is checked by this test's own compiler for commas. */
export function files(...objects: readonly Fields[]): Readonly<Record<string, string>> {
  return { 'objects.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) }
}

/** Ends at once when it is deleted, and runs its containers once. */
export function pod(name: string, spec: Fields, metadata: Fields = {}): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 0, restartPolicy: 'Never', ...spec },
  }
}

/** A container that runs a script; `main` unless `more` names it otherwise. */
export function sh(script: string, more: Fields = {}): Fields {
  return { name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script], ...more }
}

/** A pod with one container that runs a script. */
export function scriptPod(name: string, script: string, container: Fields = {}, spec: Fields = {}): Fields {
  return pod(name, { containers: [sh(script, container)], ...spec })
}

/** A Job whose pods have one container that runs a script, once. */
export function scriptJob(name: string, script: string, spec: Fields = {}) {
  const pod = { terminationGracePeriodSeconds: 0, restartPolicy: 'Never', containers: [sh(script)] }
  const metadata = { name }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template: { spec: pod }, ...spec } }
}

/** What a container has written, without the last line end. */
export async function logs(world: World, podName: string, container = 'main'): Promise<string> {
  const run = await world.run('logs', podName, '-c', container)
  if (run.exitCode !== 0) throw new Error(`logs of ${podName} ended with ${run.exitCode}: ${run.stderr}`)
  return run.stdout
}

/** Lines of `name=value`, such as `env` prints. */
export function pairs(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('\n').map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** Asks for all pods at once until one of them satisfies. */
export async function untilPod(
  world: World,
  name: string,
  satisfies: (pod: ShownPod) => boolean,
): Promise<ShownPod> {
  return eventually(() => world.pod(name), satisfies)
}

/** The status of one container of a pod, init containers among them. */
export function containerOf(shown: ShownPod, name = 'main'): ShownContainer {
  const { containerStatuses = [], initContainerStatuses = [] } = shown.status
  const found = [...initContainerStatuses, ...containerStatuses].find((container) => container.name === name)
  if (found === undefined)
    throw new Error(`no status of container ${name} in ${JSON.stringify(shown.status)}`)
  return found
}

/** The engine at work on what is committed, until this or the world is disposed of: `NEVER_READY` has to be among it, which keeps it at work. */
export async function engineAtWork(world: World): Promise<AsyncDisposable> {
  const engine = world.start('--once', '--approve', '--timeout', '600s', '--repo', world.repo)
  await eventually(
    () => world.run('status'),
    (run) => run.exitCode === 0 && run.stdout.includes('never-ready'),
  )
  return {
    async [Symbol.asyncDispose]() {
      engine.kill('SIGINT')
      await engine
    },
  }
}

export const NEVER_READY = scriptPod('never-ready', 'exec sleep 3600', {
  readinessProbe: { exec: { command: ['false'] }, periodSeconds: 3600 },
})
