type Fields = Readonly<Record<string, unknown>>

/** A container that sleeps for so many seconds, by which `ps` tells it from others. */
export function sleeper(seconds: number, more: Fields = {}): Fields {
  return { name: 'main', image: 'busybox:1.36', command: ['sleep', String(seconds)], ...more }
}

/** Its pods are as `pod` has them, with the workload's name as their label `app`, and end at once unless it says otherwise. */
export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  name: string,
  pod: Fields,
  spec: Fields = {},
): Fields {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 0, ...pod } },
      ...spec,
    },
  }
}

/** Of a pod's spec: those with this label `app` are spread over the nodes, one more on one than on another at most. */
export function spread(app: string, whenUnsatisfiable = 'DoNotSchedule'): Fields {
  const labelSelector = { matchLabels: { app } }
  const constraint = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable, labelSelector }
  return { topologySpreadConstraints: [constraint] }
}

/** A pod that sleeps, as somebody writes it down, for tests that spoil the text; `more` comes last between the container's braces. */
export function sleeperYaml(
  name: string,
  { image = 'busybox:1.36', more = '', seconds = 3600 } = {},
): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: "${image}", command: ["sleep", "${seconds}"]${more}}
`
}
