import { limitRangesOf } from '../api/admission.ts'
import type {
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaimSpec,
  PodSpec,
  Quantity,
  ResourceRequirements,
} from '../api/generated/types.ts'
import { itemsOf, withContainerDefaults } from '../api/limitRanges.ts'
import { amountText, podLimits, podRequests } from '../api/podResources.ts'
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import type { Path } from './diagnostics.ts'
import { podSpecsOf } from '../api/podSpecs.ts'
import { type Finding, type Index, placeText, type Standing } from './standing.ts'

type Quantities = Readonly<Record<string, Quantity>>
type Report = (path: Path, message: string) => void

/** What the LimitRanges of its namespace do not allow a pod or a claim, in the words of Kubernetes' LimitRanger. */
export function limits(standings: readonly Standing[], index: Index): readonly Finding[] {
  const objects = [...index.values()].flatMap(({ placed }) => placed.read.valid?.object ?? [])
  const ranges = limitRangesOf(objects)
  if (ranges.size === 0) return []
  const places = placesOf(index)
  return standings.flatMap((standing) => {
    const namespace = standing.placed.read.valid?.object.metadata.namespace ?? 'default'
    const own = ranges.get(namespace)
    return own === undefined ? [] : limitsOf(standing, own, places.get(namespace) ?? '')
  })
}

/** For the suggestion: whoever wrote the pod may not know of the limits. */
function placesOf(index: Index): ReadonlyMap<string, string> {
  const places = new Map<string, string>()
  for (const standing of index.values()) {
    const object = standing.placed.read.valid?.object
    if (object?.kind !== 'LimitRange') continue
    const { name = '', namespace = 'default' } = object.metadata
    const text = `LimitRange ${name}, ${placeText(standing)}`
    places.set(namespace, places.has(namespace) ? `${places.get(namespace)}; ${text}` : text)
  }
  return places
}

function limitsOf(standing: Standing, ranges: readonly LimitRange[], suggestion: string): readonly Finding[] {
  const object = standing.placed.read.valid?.object
  if (object === undefined) return []
  const findings: Finding[] = []
  const report: Report = (path, message) =>
    findings.push({ standing, path, severity: 'error', message, suggestion })
  for (const { path, spec } of podSpecsOf(object)) {
    const admitted = withContainerDefaults(spec, ranges)
    for (const item of itemsOf(ranges, 'Container')) checkContainers(admitted, path, item, report)
    checkDefaults(spec, admitted, path, report)
    for (const item of itemsOf(ranges, 'Pod')) checkPod(admitted, path, item, report)
    for (const [at, { ephemeral }] of (spec.volumes ?? []).entries()) {
      const claim = ephemeral?.volumeClaimTemplate?.spec
      const claimPath = [...path, 'volumes', at, 'ephemeral', 'volumeClaimTemplate', 'spec']
      if (claim !== undefined) checkClaim(claim, claimPath, ranges, report)
    }
  }
  if (object.kind === 'PersistentVolumeClaim') checkClaim(object.spec, ['spec'], ranges, report)
  if (object.kind === 'StatefulSet') {
    for (const [at, claim] of (object.spec.volumeClaimTemplates ?? []).entries())
      checkClaim(claim.spec, ['spec', 'volumeClaimTemplates', at, 'spec'], ranges, report)
  }
  return findings
}

function checkContainers(spec: PodSpec, path: Path, item: LimitRangeItem, report: Report): void {
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [at, { resources }] of (spec[field] ?? []).entries())
      checkItem(item, resources ?? {}, (message) => report([...path, field, at, 'resources'], message))
  }
}

/** A default can make what was written impossible: Kubernetes' validation comes after its admission. */
function checkDefaults(written: PodSpec, admitted: PodSpec, path: Path, report: Report): void {
  if (written === admitted) return
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [at, { resources }] of (admitted[field] ?? []).entries()) {
      for (const [name, request] of Object.entries(resources?.requests ?? {})) {
        const limit = resources?.limits?.[name]
        if (limit === undefined || compareQuantities(request, limit) <= 0) continue
        const message = `${JSON.stringify(request)} must be less than or equal to ${name} limit of ${limit}, which is the default`
        report([...path, field, at, 'resources', 'requests', name], message)
      }
    }
  }
}

/** Without what the runtime needs beside the containers. */
function checkPod(spec: PodSpec, path: Path, item: LimitRangeItem, report: Report): void {
  const { overhead: _, ...own } = spec
  const resources = { requests: texts(podRequests(own)), limits: texts(podLimits(own)) }
  checkItem(item, resources, (message) => report(path, message))
}

function texts(amounts: Readonly<Record<string, number>>): Quantities {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amountText(name, amount)]))
}

function checkClaim(
  { resources }: PersistentVolumeClaimSpec,
  path: Path,
  ranges: readonly LimitRange[],
  report: Report,
): void {
  const request = resources?.requests?.['storage']
  if (request === undefined) return
  const of = 'storage usage per PersistentVolumeClaim is'
  for (const { max, min } of itemsOf(ranges, 'PersistentVolumeClaim')) {
    const at = [...path, 'resources', 'requests', 'storage']
    const [least, most] = [min?.['storage'], max?.['storage']]
    if (least !== undefined && compareQuantities(request, least) < 0)
      report(at, `minimum ${of} ${least}, but request is ${request}`)
    if (most !== undefined && compareQuantities(request, most) > 0)
      report(at, `maximum ${of} ${most}, but request is ${request}`)
  }
}

function checkItem(
  item: LimitRangeItem,
  { limits: limited = {}, requests = {} }: ResourceRequirements,
  report: (message: string) => void,
): void {
  for (const [name, bound] of sorted(item.min)) {
    const of = `minimum ${name} usage per ${item.type} is ${bound}`
    const [limit, request] = [limited[name], requests[name]]
    if (request === undefined) report(`${of}. No request is specified`)
    else if (compareQuantities(request, bound) < 0) report(`${of}, but request is ${request}`)
    else if (limit !== undefined && compareQuantities(limit, bound) < 0)
      report(`${of}, but limit is ${limit}`)
  }
  for (const [name, bound] of sorted(item.max)) {
    const of = `maximum ${name} usage per ${item.type} is ${bound}`
    const [limit, request] = [limited[name], requests[name]]
    if (limit === undefined) report(`${of}. No limit is specified`)
    else if (compareQuantities(limit, bound) > 0) report(`${of}, but limit is ${limit}`)
    else if (request !== undefined && compareQuantities(request, bound) > 0)
      report(`${of}, but request is ${request}`)
  }
  for (const [name, bound] of sorted(item.maxLimitRequestRatio)) {
    const of = `${name} max limit to request ratio per ${item.type} is ${bound}`
    const limit = parseQuantity(limited[name] ?? 0) ?? 0
    const request = parseQuantity(requests[name] ?? 0) ?? 0
    if (request === 0) report(`${of}, but no request is specified or request is 0`)
    else if (limit === 0) report(`${of}, but no limit is specified or limit is 0`)
    else if (limit / request > (parseQuantity(bound) ?? 0))
      report(`${of}, but provided ratio is ${(limit / request).toFixed(6)}`)
  }
}

function sorted(quantities: Quantities = {}): readonly (readonly [string, Quantity])[] {
  return Object.entries(quantities).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
