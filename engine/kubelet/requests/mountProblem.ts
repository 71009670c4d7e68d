import type { ConfigProblem } from '../context.ts'

/** A volume that cannot be made from what the commit has, in the kubelet's words. */
export function mountProblem(volume: string, message: string): ConfigProblem {
  const text = `MountVolume.SetUp failed for volume "${volume}" : ${message}`
  return { kind: 'problem', reason: 'FailedMount', message: text, certain: true }
}
