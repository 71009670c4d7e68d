import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../api/generated/types.ts'
import { isPodResource } from '../../api/quotas.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'
import { qualifiedName } from './names.ts'
import { checkQuantity } from './resources.ts'

type Scope = ScopedResourceSelectorRequirement['scopeName']

const STANDARD = [
  'configmaps',
  'cpu',
  'ephemeral-storage',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'memory',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
  'requests.storage',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
]

const OPPOSITES: readonly (readonly [Scope, Scope])[] = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

/** Source: ValidateResourceQuotaSpec in Kubernetes' pkg/apis/core/validation. */
export function checkResourceQuota(context: CheckContext, { spec }: ResourceQuota): void {
  if (spec === undefined || !context.sound(['spec'])) return
  for (const [name, quantity] of Object.entries(spec.hard ?? {})) {
    const at = ['spec', 'hard', name]
    checkName(context, at, name)
    checkQuantity(context, at, quantity)
  }
  checkScopes(context, ['spec', 'scopes'], spec.scopes ?? [], Object.keys(spec.hard ?? {}))
  const expressions = spec.scopeSelector?.matchExpressions ?? []
  const path = ['spec', 'scopeSelector', 'matchExpressions']
  for (const [index, expression] of expressions.entries())
    checkExpression(context, [...path, index], expression)
  const scopes = expressions.map(({ scopeName }) => scopeName)
  checkScopes(context, path, scopes, Object.keys(spec.hard ?? {}))
}

function checkName(context: CheckContext, path: Path, name: string): void {
  if (STANDARD.includes(name)) return
  if (name.includes('/') ? qualifiedName(name) === undefined : name.startsWith('hugepages-')) return
  if (/^requests\.(hugepages-|.+\/)/.test(name)) return
  context.error(
    path,
    `${JSON.stringify(name)} is no resource: it must be a standard resource for quota or fully qualified`,
    didYouMean(name, STANDARD).suggestion,
  )
}

function checkScopes(
  context: CheckContext,
  path: Path,
  scopes: readonly Scope[],
  resources: readonly string[],
): void {
  if (OPPOSITES.some((pair) => pair.every((scope) => scopes.includes(scope))))
    context.error(path, 'conflicting scopes')
  if (scopes.includes('VolumeAttributesClass'))
    context.error(path, 'not supported: there are no VolumeAttributesClasses')
  const foreign = resources.filter(
    (name) => !isPodResource(name) || (isBestEffort(scopes) && name !== 'pods'),
  )
  if (scopes.length > 0 && foreign.length > 0)
    context.error(path, `unsupported scope applied to resource: ${foreign.join(', ')}`)
}

/** What asks for nothing can only be counted. */
function isBestEffort(scopes: readonly Scope[]): boolean {
  return scopes.includes('BestEffort')
}

function checkExpression(
  context: CheckContext,
  path: Path,
  { operator, scopeName, values = [] }: ScopedResourceSelectorRequirement,
): void {
  if (scopeName !== 'PriorityClass' && operator !== 'Exists')
    context.error(
      [...path, 'operator'],
      `must be 'Exist' when scope is any of Terminating, NotTerminating, BestEffort, NotBestEffort or CrossNamespacePodAffinity`,
    )
  const takes = operator === 'In' || operator === 'NotIn'
  if (takes && values.length === 0)
    context.error(
      [...path, 'values'],
      "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    )
  if (!takes && values.length > 0)
    context.error(
      [...path, 'values'],
      "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    )
}
