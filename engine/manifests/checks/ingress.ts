import type { HTTPIngressPath, Ingress, IngressBackend, IngressClass } from '../../api/generated/types.ts'
import { canonicalIp } from '../../api/ipRanges.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { dns1035Label, dnsSubdomain, portName } from './names.ts'

/** Source: ValidateIngress in Kubernetes' pkg/apis/networking/validation. */
export function checkIngress(context: CheckContext, { spec }: Ingress): void {
  if (!context.sound(['spec'])) return
  const { defaultBackend, ingressClassName, rules = [], tls = [] } = spec ?? {}
  if (rules.length === 0 && defaultBackend === undefined)
    context.error(['spec'], 'either `defaultBackend` or `rules` must be specified')
  if (defaultBackend !== undefined) checkBackend(context, ['spec', 'defaultBackend'], defaultBackend)
  const classRule = ingressClassName === undefined ? undefined : dnsSubdomain(ingressClassName)
  if (classRule !== undefined)
    context.error(['spec', 'ingressClassName'], `${JSON.stringify(ingressClassName)} ${classRule}`)
  for (const [index, { host, http }] of rules.entries()) {
    const path = ['spec', 'rules', index]
    if (host !== undefined && host !== '') checkHost(context, [...path, 'host'], host)
    if (http?.paths.length === 0)
      context.error([...path, 'http', 'paths'], 'required field is missing', 'a rule leads at least one path')
    for (const [at, one] of (http?.paths ?? []).entries())
      checkPath(context, [...path, 'http', 'paths', at], one)
  }
  for (const [index, { hosts = [] }] of tls.entries())
    for (const [at, host] of hosts.entries()) checkHost(context, ['spec', 'tls', index, 'hosts', at], host)
}

function checkHost(context: CheckContext, path: Path, host: string): void {
  const name = JSON.stringify(host)
  if (canonicalIp(host) !== undefined) {
    context.error(path, `${name} must be a DNS name, not an IP address`)
    return
  }
  const rule = dnsSubdomain(host.startsWith('*.') ? host.slice(2) : host)
  if (rule === undefined) return
  const hint = host.includes('*')
    ? 'a wildcard stands for the first label alone, as in *.example.org'
    : undefined
  context.error(path, `${name} ${rule}`, hint)
}

/** Of no use to anybody but who wants to get around a rule. */
const BAD_PARTS = ['//', '/./', '/../', '%2f', '%2F'] as const
const BAD_ENDS = ['/..', '/.'] as const

function checkPath(
  context: CheckContext,
  path: Path,
  { backend, path: text = '', pathType }: HTTPIngressPath,
): void {
  const at = [...path, 'path']
  checkBackend(context, [...path, 'backend'], backend)
  if (!text.startsWith('/') && (text !== '' || pathType !== 'ImplementationSpecific')) {
    context.error(at, 'must be an absolute path', 'it begins with a slash')
    return
  }
  if (/[\s\p{Cc}]/u.test(text)) context.error(at, 'must not hold white space: no request does')
  if (pathType === 'ImplementationSpecific') return
  for (const part of BAD_PARTS) if (text.includes(part)) context.error(at, `must not contain '${part}'`)
  for (const end of BAD_ENDS) if (text.endsWith(end)) context.error(at, `cannot end with '${end}'`)
}

function checkBackend(context: CheckContext, path: Path, { resource, service }: IngressBackend): void {
  if (service === undefined) {
    // What it may not be is told by the schema.
    if (resource === undefined) context.error(path, 'a backend names a Service')
    return
  }
  const rule = dns1035Label(service.name)
  if (rule !== undefined)
    context.error([...path, 'service', 'name'], `${JSON.stringify(service.name)} ${rule}`)
  const { name, number } = service.port ?? {}
  const at = [...path, 'service', 'port']
  if (name === undefined && number === undefined) context.error(at, 'port name or number is required')
  if (name !== undefined && number !== undefined) context.error(at, 'cannot set both port name & port number')
  const ofName = name === undefined ? undefined : portName(name)
  if (ofName !== undefined) context.error([...at, 'name'], `${JSON.stringify(name)} ${ofName}`)
  if (number !== undefined && (number < 1 || number > 65_535))
    context.error([...at, 'number'], 'must be between 1 and 65535, inclusive')
}

/** A controller's name: `example.org/ingress`. */
export function checkIngressClass(context: CheckContext, { spec }: IngressClass): void {
  if (!context.sound(['spec']) || spec?.controller === undefined) return
  const [domain = '', path = ''] = spec.controller.split(/\/(.*)/s)
  if (dnsSubdomain(domain) === undefined && path !== '' && spec.controller.length <= 250) return
  const message = `${JSON.stringify(spec.controller)} must be a domain-prefixed path`
  context.error(['spec', 'controller'], message, 'such as reconcile.dev/ingress')
}
