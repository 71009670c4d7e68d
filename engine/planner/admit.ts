import { type Admission, admissionBy } from '../api/admission.ts'
import type { PodSpec } from '../api/generated/types.ts'
import { keyParts } from '../api/names.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Decision, PodWish } from '../controllers/decision.ts'
import { memoised } from '../api/memo.ts'

/** Pods that are to be made as they are admitted: whoever looks at one later, from the scheduler on, sees what was filled in. */
export function admit(decisions: readonly Decision[], { objects }: Desired): readonly Decision[] {
  const admission = admissionOf(objects)
  if (admission === undefined) return decisions
  // Hundreds of one template stay one spec: the scheduler refuses them with one look.
  const known = new Map<PodSpec, PodSpec>()
  return decisions.map((decision) =>
    decision.creates.length === 0
      ? decision
      : { ...decision, creates: decision.creates.map((wish) => admitted(wish, admission, known)) },
  )
}

const admissionOf = memoised((objects: Desired['objects']) =>
  admissionBy([...objects.values()].map(({ object }) => object)),
)

function admitted(wish: PodWish, admission: Admission, known: Map<PodSpec, PodSpec>): PodWish {
  const { namespace } = keyParts(wish.key)
  const spec = known.getOrInsertComputed(wish.spec, (written) => admission.specOf(namespace, written))
  if (spec === wish.spec) return wish
  const runtimeHandler = admission.handlerOf(spec)
  // A controller's pods are compared by their template, not by themselves.
  const isBare = wish.metadata.ownerReferences === undefined
  return {
    ...wish,
    spec,
    ...(isBare && { writtenSpec: wish.spec }),
    ...(runtimeHandler !== undefined && { runtimeHandler }),
  }
}
