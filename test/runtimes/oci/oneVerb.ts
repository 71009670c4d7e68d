import { podUid } from '../../../engine/api/names.ts'
import { containerRequest, podRequest, runtimeAt } from './support.ts'

/*
 * One life of a pod in a process of its own, to be killed in the middle: node oneVerb.ts FOLDER UID. What a test sees of it
 * is what it leaves on the machine.
 */
const [folder = '', uidText = ''] = process.argv.slice(2)
const uid = podUid(uidText)
const runtime = await runtimeAt(folder)
const volumes = [
  { kind: 'emptyDir', name: 'memory', medium: 'Memory' },
  { kind: 'emptyDir', name: 'disk', medium: '' },
] as const
const mounts = [
  { volume: 'disk', mountPath: '/v', subPath: 'a/b', readOnly: false, propagation: 'private' },
] as const
process.stdout.write('ready\n')
await runtime.createPod(podRequest(uid, { volumes }))
await runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { mounts }))
await runtime.disarm(uid)
await runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
await runtime.releasePod(uid)
await runtime.removePod(uid)
