import type { PodSpec } from '../api/generated/types.ts'
import type { Snapshot } from '../api/snapshot.ts'

/**
 * The images, as written, that something may still ask for: the commit's, also of what is scaled to nothing, and those of
 * earlier revisions that are on record, so that a rollout can be taken back while the registry is away. Sorted.
 */
export function imagesWanted({ desired, records }: Pick<Snapshot, 'desired' | 'records'>): readonly string[] {
  const objects = [
    ...[...desired.objects.values()].map(({ object }) => object),
    ...[...records.values()].map(({ object }) => object),
  ]
  const images = objects.flatMap((object) =>
    'spec' in object ? podSpecs(object.spec).flatMap(imagesOf) : [],
  )
  return [...new Set(images)].toSorted()
}

/** A Pod's own spec, or that of a template, also a CronJob's Job's. */
function podSpecs(spec: unknown): readonly PodSpec[] {
  if (!isObject(spec)) return []
  if (Array.isArray(spec['containers'])) return [spec as unknown as PodSpec]
  return [spec['template'], spec['jobTemplate']].flatMap((part) =>
    isObject(part) ? podSpecs(part['spec']) : [],
  )
}

function imagesOf({ containers, initContainers = [], volumes = [] }: PodSpec): readonly string[] {
  const mounted = volumes.map(({ image }) => image?.reference)
  const run = [...initContainers, ...containers].map(({ image }) => image)
  return [...run, ...mounted].filter((image) => image !== undefined)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
