import type { Bandwidth, BlockIo } from './cri.ts'
import { parseQuantity } from './quantity.ts'

/** Annotations of a pod that ask its node for something. */

type Annotations = Readonly<Record<string, string>> | undefined

export interface AnnotationProblem {
  readonly annotation: string
  readonly message: string
}

const INGRESS = 'kubernetes.io/ingress-bandwidth'
const EGRESS = 'kubernetes.io/egress-bandwidth'
/** As in Kubernetes' pkg/util/bandwidth. */
const BITS_MIN = 1_000
const BITS_MAX = 1_000_000_000_000_000

const WEIGHT = 'reconcile.dev/blkio-weight'
const WEIGHT_MIN = 10
const WEIGHT_MAX = 1000
const LIMITS = {
  readBps: 'reconcile.dev/blkio-read-bps',
  writeBps: 'reconcile.dev/blkio-write-bps',
  readIops: 'reconcile.dev/blkio-read-iops',
  writeIops: 'reconcile.dev/blkio-write-iops',
} as const

export function annotationProblems(annotations: Annotations): readonly AnnotationProblem[] {
  if (annotations === undefined) return []
  const weight = annotations[WEIGHT]
  return [
    ...[INGRESS, EGRESS].flatMap((name) => quantityProblem(annotations, name, BITS_MIN, BITS_MAX, 'bits')),
    ...(weight === undefined || isWeight(weight)
      ? []
      : [
          {
            annotation: WEIGHT,
            message: `${JSON.stringify(weight)} is no weight: it must be a whole number from ${WEIGHT_MIN} to ${WEIGHT_MAX}`,
          },
        ]),
    ...Object.entries(LIMITS).flatMap(([key, name]) =>
      quantityProblem(
        annotations,
        name,
        1,
        Number.MAX_SAFE_INTEGER,
        key.endsWith('Bps') ? 'bytes' : 'operations',
      ),
    ),
  ]
}

function quantityProblem(
  annotations: NonNullable<Annotations>,
  annotation: string,
  least: number,
  most: number,
  unit: string,
): readonly AnnotationProblem[] {
  const text = annotations[annotation]
  if (text === undefined) return []
  const value = parseQuantity(text)
  if (value !== undefined && value >= least && value <= most) return []
  const wanted = `a quantity of ${unit} a second, at least ${least}${most === BITS_MAX ? ' and at most 1P' : ''}`
  return [{ annotation, message: `${JSON.stringify(text)} must be ${wanted}` }]
}

function isWeight(text: string): boolean {
  return /^\d{1,4}$/.test(text) && Number(text) >= WEIGHT_MIN && Number(text) <= WEIGHT_MAX
}

/** Undefined: not limited. What is no quantity counts as not there. */
export function bandwidthOf(annotations: Annotations): Bandwidth | undefined {
  const ingressBits = amount(annotations?.[INGRESS])
  const egressBits = amount(annotations?.[EGRESS])
  if (ingressBits === undefined && egressBits === undefined) return undefined
  return {
    ...(ingressBits !== undefined && { ingressBits }),
    ...(egressBits !== undefined && { egressBits }),
  }
}

export function blockIoOf(annotations: Annotations): BlockIo | undefined {
  if (annotations === undefined) return undefined
  const { [WEIGHT]: weight } = annotations
  const limits = Object.entries(LIMITS).flatMap(([key, name]) => {
    const value = amount(annotations[name])
    return value === undefined ? [] : [[key, value] as const]
  })
  const found: BlockIo = {
    ...(weight !== undefined && isWeight(weight) && { weight: Number(weight) }),
    ...Object.fromEntries(limits),
  }
  return Object.keys(found).length === 0 ? undefined : found
}

function amount(text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : parseQuantity(text)
  return value === undefined || value <= 0 ? undefined : Math.ceil(value)
}
