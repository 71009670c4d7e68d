import type { RunParts } from '../../../engine/runtimes/dockerLike/runParts.ts'

/** Between bars stands what has spaces in it. */
export function argumentsIn(line: string): readonly string[] {
  return line
    .split('|')
    .flatMap((part, index) => (index % 2 === 1 ? [part] : part.split(' ').filter(Boolean)))
}

/** Of a container that asks for nothing. */
export const RUN_PARTS: RunParts = {
  name: 'n',
  podName: 'p',
  labels: {},
  image: 'abc',
  args: ['sh', '-c', 'echo "hi"'],
  cwd: '/',
  envFile: '/run/env',
  variables: { flags: [], env: {} },
  user: { uid: 0, gid: 0, additionalGids: [0] },
  capabilities: [],
  namespaces: { net: 'ns:/net', ipc: 'ns:/ipc', uts: 'ns:/uts' },
  cgroupParent: '/reconcile-x/podu',
  restart: 'always',
  stopSignal: '',
  log: { path: '/log', bytesMax: 1000 },
  mounts: [],
  devices: [],
}
