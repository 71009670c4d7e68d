import type { Container, PodSpec, Quantity } from './generated/types.ts'
import { byteCount, canonicalQuantity, cpuMillis, parseQuantity } from './quantity.ts'

/** By resource name: cpu in thousandths of a core, everything else in units (bytes, pages, devices). */
export type Amounts = Readonly<Record<string, number>>

type Quantities = Readonly<Record<string, Quantity>> | undefined

/**
 * What a pod asks a node for: its containers and sidecars together, or at least what the largest init container needs beside the sidecars
 * that began before it; `spec.resources` overrides what it names; `spec.overhead` comes on top. Source: PodRequests in
 * k8s.io/component-helpers. `spec` as written: a limit without a request is the request too.
 */
export function podRequests(spec: PodSpec): Amounts {
  const total = together(spec, requestsOf)
  addTo(total, amountsOf(spec.overhead))
  return Object.fromEntries(total)
}

/** What a pod may use at most, of what has a limit at all; the overhead is on top of that. Source: PodLimits, in the same place. */
export function podLimits(spec: PodSpec): Amounts {
  const total = together(spec, (resources) => amountsOf(resources?.limits))
  const overhead = [...amountsOf(spec.overhead)].filter(([name]) => total.has(name))
  addTo(total, new Map(overhead))
  return Object.fromEntries(total)
}

/** As it is written: `1500m` cores, `64Mi` of memory. */
export function amountText(name: string, amount: number): string {
  if (name === 'cpu') return canonicalQuantity(`${amount}m`)
  const isBytes = name === 'memory' || name === 'storage' || name === 'ephemeral-storage'
  return canonicalQuantity(isBytes && amount % 1024 === 0 ? `${amount / 1024}Ki` : String(amount))
}

function together(
  spec: PodSpec,
  own: (resources: Container['resources']) => ReadonlyMap<string, number>,
): Map<string, number> {
  const total = new Map<string, number>()
  const peak = new Map<string, number>()
  const sidecars = new Map<string, number>()
  for (const { resources } of spec.containers) addTo(total, own(resources))
  for (const container of spec.initContainers ?? []) {
    const alone = own(container.resources)
    if (container.restartPolicy === 'Always') {
      addTo(total, alone)
      addTo(sidecars, alone)
      raiseTo(peak, sidecars)
      continue
    }
    const beside = new Map(sidecars)
    addTo(beside, alone)
    raiseTo(peak, beside)
  }
  raiseTo(total, peak)
  for (const [name, amount] of own(spec.resources)) total.set(name, amount)
  return total
}

function requestsOf(resources: Container['resources']): ReadonlyMap<string, number> {
  const requests = new Map(amountsOf(resources?.limits))
  for (const [name, amount] of amountsOf(resources?.requests)) requests.set(name, amount)
  return requests
}

function amountsOf(quantities: Quantities): ReadonlyMap<string, number> {
  const amounts = new Map<string, number>()
  for (const [name, quantity] of Object.entries(quantities ?? {})) amounts.set(name, amountOf(name, quantity))
  return amounts
}

/** In thousandths of a cpu, in bytes, or in pieces. Throws on what is no quantity: manifests are validated before. */
export function amountOf(name: string, quantity: Quantity): number {
  if (name === 'cpu') return cpuMillis(quantity)
  if (name === 'memory' || name === 'ephemeral-storage') return byteCount(quantity)
  const value = parseQuantity(quantity)
  if (value === undefined) throw new RangeError(`${JSON.stringify(quantity)} is no quantity`)
  return value
}

function addTo(sum: Map<string, number>, amounts: ReadonlyMap<string, number>): void {
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0) + amount)
}

function raiseTo(most: Map<string, number>, amounts: ReadonlyMap<string, number>): void {
  for (const [name, amount] of amounts) most.set(name, Math.max(most.get(name) ?? 0, amount))
}
