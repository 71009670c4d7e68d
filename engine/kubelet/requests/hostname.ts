import { CLUSTER_DOMAIN } from '../../api/clusterDns.ts'
import type { PodSpec } from '../../api/generated/types.ts'
import type { ConfigProblem } from '../context.ts'

/** A label's limit, to which a pod's name is cut; and the kernel's, for a whole host name. */
const LABEL_MAX = 63
const HOSTNAME_MAX = 64

interface HostNames {
  /** What the kernel calls the pod, and $HOSTNAME. */
  readonly hostname: string
  /** What /etc/hosts calls its address: the whole name first, for that is what `hostname -f` says. */
  readonly hostsNames: readonly string[]
}

/** As GeneratePodHostNameAndDomain and GetNodenameForKernel in Kubernetes' pkg/kubelet. An override knows no domain. */
export function hostNames(spec: PodSpec, name: string, namespace: string): HostNames | ConfigProblem {
  const override = spec.hostnameOverride
  if (override !== undefined && override !== '') return { hostname: override, hostsNames: [override] }
  const short = shortened(spec.hostname || name)
  if (spec.subdomain === undefined || spec.subdomain === '') return { hostname: short, hostsNames: [short] }
  const full = `${short}.${spec.subdomain}.${namespace}.svc.${CLUSTER_DOMAIN}`
  const hostsNames = [full, short]
  if (spec.setHostnameAsFQDN !== true) return { hostname: short, hostsNames }
  return full.length <= HOSTNAME_MAX ? { hostname: full, hostsNames } : tooLong(full)
}

/** What is cut off must not leave a hyphen or a dot at the end. */
function shortened(wanted: string): string {
  return wanted.length <= LABEL_MAX ? wanted : wanted.slice(0, LABEL_MAX).replace(/[-.]+$/, '')
}

function tooLong(full: string): ConfigProblem {
  const counts = `(${HOSTNAME_MAX} characters is the max, ${full.length} characters requested)`
  return {
    kind: 'problem',
    reason: 'FailedCreatePodSandBox',
    message: `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long ${counts}`,
    certain: true,
  }
}
