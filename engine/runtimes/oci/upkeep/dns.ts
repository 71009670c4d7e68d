import type { OciNode } from '../ociNode.ts'
import type { Looking, Repair } from './repair.ts'

/** It is put right at once, for pods wait for its answers: what was done meanwhile is told here. */
export async function dnsRepairs(_: Looking, { dns }: OciNode): Promise<readonly Repair[]> {
  return dns.findings().map(({ done, found }) => ({ found, mend: async () => done }))
}

/** As is the proxy, for people wait for its answers. */
export async function ingressRepairs(_: Looking, { ingress }: OciNode): Promise<readonly Repair[]> {
  return ingress.findings().map(({ done, found }) => ({ found, mend: async () => done }))
}
