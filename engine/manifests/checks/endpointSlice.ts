import type { Endpoint, EndpointSlice } from '../../api/generated/types.ts'
import { canonicalIp, isSpecialIp } from '../../api/ipRanges.ts'
import { SERVICE_NAME } from '../../api/services.ts'
import type { CheckContext, Item } from '../context.ts'
import { dnsLabel } from './names.ts'
import { checkUnique } from './unique.ts'

const ENDPOINTS_MAX = 1_000
const PORTS_MAX = 100
const ADDRESSES_MAX = 100

/** Source: ValidateEndpointSlice in Kubernetes' pkg/apis/discovery/validation. */
export function checkEndpointSlice(context: CheckContext, slice: EndpointSlice): void {
  const { addressType, endpoints = [], metadata, ports = [] } = slice
  if (metadata.labels?.[SERVICE_NAME] === undefined)
    context.warn(['metadata'], `has no label ${SERVICE_NAME}, so it belongs to no Service`)
  if (endpoints.length > ENDPOINTS_MAX)
    context.error(['endpoints'], `must have at most ${ENDPOINTS_MAX} items`)
  if (ports.length > PORTS_MAX) context.error(['ports'], `must have at most ${PORTS_MAX} items`)
  for (const endpoint of context.items(['endpoints'], endpoints))
    checkEndpoint(context, addressType, endpoint)
  const items = context.items(['ports'], ports)
  checkUnique(context, items, 'name', ({ name = '' }) => name)
  for (const { path, value } of items) {
    const rule = value.name === undefined || value.name === '' ? undefined : dnsLabel(value.name)
    if (rule !== undefined) context.error([...path, 'name'], `${JSON.stringify(value.name)} ${rule}`)
  }
}

function checkEndpoint(
  context: CheckContext,
  addressType: EndpointSlice['addressType'],
  { path, value: { addresses, hostname } }: Item<Endpoint>,
): void {
  if (addresses.length === 0) context.error([...path, 'addresses'], 'must contain at least 1 address')
  if (addresses.length > ADDRESSES_MAX)
    context.error([...path, 'addresses'], `must contain no more than ${ADDRESSES_MAX} addresses`)
  for (const [index, address] of addresses.entries()) {
    const at = [...path, 'addresses', index]
    if (addressType === 'FQDN') continue
    if (canonicalIp(address) === undefined || address.includes(':') !== (addressType === 'IPv6'))
      context.error(at, `${JSON.stringify(address)} is no ${addressType} address`)
    else if (isSpecialIp(address))
      context.error(
        at,
        `${address}: may be neither unspecified, nor in the loopback, link-local or multicast ranges`,
      )
  }
  const rule = hostname === undefined ? undefined : dnsLabel(hostname)
  if (rule !== undefined) context.error([...path, 'hostname'], `${JSON.stringify(hostname)} ${rule}`)
}
