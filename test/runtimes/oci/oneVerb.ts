import { podUid } from '../../../engine/api/names.ts'
import { richContainerRequest, richPodRequest, runtimeAt } from './support.ts'

/*
 * One life of a pod in a process of its own, to be killed in the middle: node oneVerb.ts FOLDER UID [users]. What a test sees of it
 * is what it leaves on the machine.
 */
const [folder = '', uidText = '', users] = process.argv.slice(2)
const uid = podUid(uidText)
const runtime = await runtimeAt(folder)
process.stdout.write('ready\n')
await runtime.createPod(richPodRequest(uid, users !== undefined))
await runtime.startContainer(richContainerRequest(uid))
await runtime.disarm(uid)
await runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
await runtime.releasePod(uid)
await runtime.removePod(uid)
