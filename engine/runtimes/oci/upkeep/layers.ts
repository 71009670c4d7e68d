import type { Looking, Repair } from './repair.ts'

export async function layerRepairs(_looking: Looking): Promise<readonly Repair[]> {
  return []
}
