import type { IngressStatus } from '../../api/generated/types.ts'
import type { Health, StatusReport } from '../../api/plan.ts'
import type { Snapshot } from '../../api/snapshot.ts'
import type { IngressProblem } from '../../proxy/ingressRules.ts'
import type { WantedIngress } from './list.ts'
import type { IngressNodes } from './nodes.ts'

/** An Ingress has no conditions in Kubernetes: what is wrong with it is its health. */
export function reportOf(
  { desired: { key }, owner }: WantedIngress,
  nodes: IngressNodes,
  problems: readonly Pick<IngressProblem, 'reason' | 'message'>[],
  { observed }: Snapshot,
): StatusReport {
  switch (owner.kind) {
    case 'other':
      return { key, status: {}, health: { kind: 'healthy', message: `is left to ${owner.controller}` } }
    case 'unknown': {
      const message = `there is no IngressClass ${owner.className}; make one whose controller is reconcile.dev/ingress, or name none`
      return { key, status: {}, health: { kind: 'failed', reason: 'ClassNotFound', message } }
    }
    case 'ours': {
      const told = [...nodes.names].flatMap((name) => {
        const own = observed.nodes.get(name)?.trafficProblems ?? []
        return own
          .filter(({ service }) => service === key || service === undefined)
          .map(({ message, reason }) => ({ reason, message: `node ${name}: ${message}` }))
      })
      return { key, status: statusOf(nodes), health: healthOf([...problems, ...noNode(nodes), ...told]) }
    }
    default:
      return owner satisfies never
  }
}

function statusOf({ addresses }: IngressNodes): IngressStatus {
  return { loadBalancer: addresses.length === 0 ? {} : { ingress: addresses.map((ip) => ({ ip })) } }
}

function noNode({ names, unknown }: IngressNodes): readonly Pick<IngressProblem, 'message'>[] {
  if (unknown.length > 0)
    return [{ message: `the Cluster has the proxy run on ${unknown.join(', ')}: there is no such node` }]
  return names.length === 0 ? [{ message: 'the Cluster names no node that the proxy runs on' }] : []
}

function healthOf(problems: readonly { readonly reason?: string; readonly message: string }[]): Health {
  const [first] = problems
  if (first === undefined) return { kind: 'healthy' }
  const message = problems.map((problem) => problem.message).join('; ')
  return { kind: 'failed', reason: first.reason ?? 'NoNode', message }
}
