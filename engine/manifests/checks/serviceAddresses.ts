import type { Service, ServiceSpec } from '../../api/generated/types.ts'
import { canonicalIp, ipFamily } from '../../api/ipRanges.ts'
import type { CheckContext } from '../context.ts'

/** What a Service says of its own addresses. Source: ValidateServiceClusterIPsRelatedFields in Kubernetes' pkg/apis/core/validation. */
export function checkAddresses(context: CheckContext, { spec }: Service): void {
  if (spec.type === 'ExternalName') return checkNone(context, spec)
  checkFamilies(context, spec)
  const { clusterIP = '', clusterIPs = [] } = spec
  if (clusterIP !== '' && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    context.error(['spec', 'clusterIPs', 0], 'first value must match `clusterIP`')
  if (clusterIP === '' && clusterIPs.length > 0)
    context.error(['spec', 'clusterIPs'], 'must be empty when `clusterIP` is not specified')
  if (clusterIP !== '') checkAddress(context, ['spec', 'clusterIP'], clusterIP)
  for (const [index, address] of clusterIPs.entries())
    checkAddress(context, ['spec', 'clusterIPs', index], address)
  checkPair(context, spec)
}

/** Fields that a name has no use for. */
function checkNone(context: CheckContext, spec: ServiceSpec): void {
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    const value = spec[field]
    if (value !== undefined && value.length > 0)
      context.error(['spec', field], 'may not be set for ExternalName services')
  }
}

function checkFamilies(context: CheckContext, { ipFamilies = [] }: ServiceSpec): void {
  if (ipFamilies.length > 2) context.error(['spec', 'ipFamilies'], 'may only hold up to 2 values')
  else if (ipFamilies.length === 2 && ipFamilies[0] === ipFamilies[1])
    context.error(
      ['spec', 'ipFamilies', 1],
      `${JSON.stringify(ipFamilies[1])} is used twice, and must be unique`,
    )
}

function checkAddress(context: CheckContext, path: readonly (string | number)[], address: string): void {
  if (address === 'None' || canonicalIp(address) !== undefined) return
  context.error([...path], `${JSON.stringify(address)} is no IP address`, 'such as 10.96.0.20, or None')
}

function checkPair(
  context: CheckContext,
  { clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: ServiceSpec,
): void {
  if (clusterIPs.length > 2) return context.error(['spec', 'clusterIPs'], 'may only hold up to 2 values')
  if (clusterIPs.length === 2 && clusterIPs.includes('None'))
    return context.error(['spec', 'clusterIPs'], "'None' must be the first and only value")
  const [first, second] = clusterIPs.map(ipFamily)
  if (clusterIPs.length === 2 && first === second)
    return context.error(['spec', 'clusterIPs'], 'may specify no more than one IP for each IP family')
  const many = Math.max(clusterIPs.length, ipFamilies.length)
  if (many === 2 && (ipFamilyPolicy ?? 'SingleStack') === 'SingleStack')
    context.error(
      ['spec', 'ipFamilyPolicy'],
      'must be RequireDualStack or PreferDualStack when multiple ipFamilies or clusterIPs are specified',
    )
  for (const [index, address] of clusterIPs.entries()) {
    const family = ipFamilies[index]
    if (family === undefined || canonicalIp(address) === undefined || ipFamily(address) === family) continue
    context.error(
      ['spec', 'clusterIPs', index],
      `expected an ${family} value as indicated by \`ipFamilies[${index}]\``,
    )
  }
}
