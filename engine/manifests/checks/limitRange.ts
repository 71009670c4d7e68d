import type { LimitRange, LimitRangeItem, Quantity } from '../../api/generated/types.ts'
import { compareQuantities, parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { qualifiedName } from './names.ts'
import { checkQuantity, checkResourceName } from './resources.ts'
import { checkUnique } from './unique.ts'

const TYPES = ['Container', 'Pod', 'PersistentVolumeClaim']
const FIELDS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const

/** What must not be more than what. */
const ORDER = [
  ['min', 'max'],
  ['min', 'defaultRequest'],
  ['defaultRequest', 'max'],
  ['defaultRequest', 'default'],
  ['min', 'default'],
  ['default', 'max'],
] as const

/** Source: ValidateLimitRange in Kubernetes' pkg/apis/core/validation. */
export function checkLimitRange(context: CheckContext, { spec }: LimitRange): void {
  const items = context.items(['spec', 'limits'], spec?.limits)
  checkUnique(context, items, 'type', ({ type }) => type)
  for (const { path, value } of items) checkItem(context, path, value)
}

function checkItem(context: CheckContext, path: Path, item: LimitRangeItem): void {
  const { type } = item
  if (!TYPES.includes(type)) {
    const isQualified = type.includes('/') && qualifiedName(type) === undefined
    const rule = isQualified
      ? 'is limited by nobody here'
      : 'must be a standard limit type or fully qualified'
    const report = isQualified ? context.warn : context.error
    report([...path, 'type'], `${JSON.stringify(type)} ${rule}`, `such as ${TYPES.join(', ')}`)
  }
  for (const field of FIELDS) {
    for (const [name, quantity] of Object.entries(item[field] ?? {})) {
      checkQuantity(context, [...path, field, name], quantity)
      if (type === 'Container' && field !== 'maxLimitRequestRatio')
        checkResourceName(context, [...path, field, name], name, field === 'default' || field === 'max')
    }
  }
  for (const field of ['default', 'defaultRequest'] as const) {
    if (type === 'Pod' && Object.keys(item[field] ?? {}).length > 0)
      context.error([...path, field], "may not be specified when `type` is 'Pod'")
  }
  if (type === 'PersistentVolumeClaim' && !item.min?.['storage'] && !item.max?.['storage'])
    context.error(path, 'either minimum or maximum storage value is required, but neither was provided')
  for (const [smaller, larger] of ORDER) checkOrder(context, path, item, smaller, larger)
  checkRatio(context, path, item)
}

type Field = (typeof FIELDS)[number]

function checkOrder(
  context: CheckContext,
  path: Path,
  item: LimitRangeItem,
  smaller: Field,
  larger: Field,
): void {
  for (const [name, least] of Object.entries(item[smaller] ?? {})) {
    const most = item[larger]?.[name]
    if (most === undefined || !isQuantity(least) || !isQuantity(most)) continue
    if (compareQuantities(least, most) <= 0) continue
    const words = `${WORDS[smaller]} value ${least} is greater than ${WORDS[larger]} value ${most}`
    context.error([...path, smaller, name], words)
  }
}

const WORDS = {
  min: 'min',
  max: 'max',
  default: 'default',
  defaultRequest: 'default request',
  maxLimitRequestRatio: 'ratio',
} as const

function checkRatio(context: CheckContext, path: Path, item: LimitRangeItem): void {
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    if (!isQuantity(ratio)) continue
    const at = [...path, 'maxLimitRequestRatio', name]
    if (compareQuantities(ratio, 1) < 0) context.error(at, `ratio ${ratio} is less than 1`)
    const [min, max] = [item.min?.[name], item.max?.[name]].map((one) => parseQuantity(one ?? ''))
    if (min !== undefined && max !== undefined && min > 0 && (parseQuantity(ratio) ?? 0) > max / min)
      context.error(at, `ratio ${ratio} is greater than max/min = ${(max / min).toFixed(6)}`)
  }
}

function isQuantity(quantity: Quantity): boolean {
  return parseQuantity(quantity) !== undefined
}
