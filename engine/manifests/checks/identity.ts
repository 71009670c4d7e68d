import type { PodSpec } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { dnsLabel, dnsSubdomain, type NameRule } from './names.ts'

/** Of Linux: a host name has no more characters. */
const HOSTNAME_MAX = 64
const INT32_MAX = 2 ** 31 - 1

/** What the pod is called, and how long it may be. */
export function checkIdentity(context: CheckContext, path: Path, spec: PodSpec): void {
  checkName(context, [...path, 'hostname'], spec.hostname, dnsLabel)
  checkName(context, [...path, 'subdomain'], spec.subdomain, dnsLabel)
  checkName(context, [...path, 'nodeName'], spec.nodeName, dnsSubdomain)
  checkName(context, [...path, 'serviceAccountName'], spec.serviceAccountName, dnsSubdomain)
  checkName(context, [...path, 'priorityClassName'], spec.priorityClassName, dnsSubdomain)
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && deadline > INT32_MAX)
    context.error([...path, 'activeDeadlineSeconds'], `must be no more than ${INT32_MAX}, not ${deadline}`)
  checkOverride(context, path, spec)
}

function checkOverride(context: CheckContext, path: Path, spec: PodSpec): void {
  const { hostnameOverride } = spec
  if (typeof hostnameOverride !== 'string') return
  const at = [...path, 'hostnameOverride']
  checkName(context, at, hostnameOverride, dnsSubdomain)
  if (hostnameOverride.length > HOSTNAME_MAX)
    context.error(at, `must be no more than ${HOSTNAME_MAX} characters`)
  if (spec.hostNetwork === true) context.error(at, 'cannot be set when hostNetwork is true')
  if (spec.setHostnameAsFQDN === true)
    context.error([...path, 'setHostnameAsFQDN'], 'cannot be set when hostnameOverride is set')
}

function checkName(context: CheckContext, path: Path, name: unknown, rule: NameRule): void {
  const broken = typeof name === 'string' && name !== '' ? rule(name) : undefined
  if (broken !== undefined) context.error(path, `${JSON.stringify(name)} ${broken}`)
}

/** Users of the pod's own: it cannot share with the machine what belongs to the machine's users. */
export function checkUsers(context: CheckContext, path: Path, spec: PodSpec): void {
  if (spec.hostUsers !== false) return
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[field] === true) context.error([...path, field], 'cannot be true when hostUsers is false')
  }
}
