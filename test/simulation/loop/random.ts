import type {
  Container,
  Deployment,
  KubernetesObject,
  Pod,
  PodSpec,
  Probe,
} from '../../../engine/api/generated/types.ts'
import { unitHash } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'
import type { ContainerScript, Script } from '../../../engine/runtimes/simulated/script.ts'
import type { Dice } from '../dice.ts'
import { container, deployment, desiredOf, pod } from './manifests.ts'

/** A few commits, each made from the one before. */
export function randomCommits(dice: Dice): readonly Desired[] {
  const commits: Desired[] = []
  let objects: readonly KubernetesObject[] = Array.from({ length: dice.whole(1, 3) }, (_, index) =>
    anObject(dice, index),
  )
  const count = dice.whole(1, 4)
  for (let index = 0; index < count; index += 1) {
    commits.push(desiredOf(`commit-${index}`, objects))
    objects = nextObjects(dice, objects, index)
  }
  return commits
}

function nextObjects(
  dice: Dice,
  objects: readonly KubernetesObject[],
  round: number,
): readonly KubernetesObject[] {
  const kept = objects
    .filter(() => !dice.chance(0.15))
    .map((object) => (dice.chance(0.6) ? changed(dice, object) : object))
  return dice.chance(0.3) ? [...kept, anObject(dice, 10 + round)] : kept
}

function anObject(dice: Dice, index: number): Pod | Deployment {
  return dice.chance(0.35) ? pod(`pod-${index}`, randomSpec(dice)) : randomDeployment(dice, `web-${index}`)
}

function randomDeployment(dice: Dice, name: string): Deployment {
  const rolling = {
    maxSurge: dice.pick<number | string>(1, 2, '25%', '100%'),
    maxUnavailable: dice.pick<number | string>(0, 1, '25%'),
  }
  const strategy = dice.chance(0.2)
    ? ({ type: 'Recreate' } as const)
    : ({ type: 'RollingUpdate', rollingUpdate: rolling } as const)
  const spec = { replicas: dice.whole(0, 5), strategy, minReadySeconds: dice.pick(0, 0, 0, 2, 7) }
  return deployment(name, spec, randomSpec(dice))
}

function changed(dice: Dice, object: KubernetesObject): KubernetesObject {
  if (object.kind === 'Pod') return pod(object.metadata.name ?? '', randomSpec(dice))
  if (object.kind !== 'Deployment') return object
  if (dice.chance(0.4)) return { ...object, spec: { ...object.spec, replicas: dice.whole(0, 6) } }
  return randomDeployment(dice, object.metadata.name ?? '')
}

function randomSpec(dice: Dice): PodSpec {
  const inits: Container[] = []
  if (dice.chance(0.25)) inits.push(container('init'))
  if (dice.chance(0.2)) inits.push(container('sidecar', { restartPolicy: 'Always' }))
  const containers = [mainContainer(dice, 'app')]
  if (dice.chance(0.2)) containers.push(mainContainer(dice, 'helper'))
  return {
    terminationGracePeriodSeconds: dice.pick(0, 1, 5, 30),
    ...(inits.length > 0 && { initContainers: inits }),
    containers,
  }
}

function mainContainer(dice: Dice, name: string): Container {
  const hook = dice.pick({ sleep: { seconds: 1 } }, { exec: { command: ['hook'] } })
  const lifecycle = {
    ...(dice.chance(0.15) && { postStart: hook }),
    ...(dice.chance(0.15) && { preStop: hook }),
  }
  return container(name, {
    image: `registry.example/${name}:${dice.whole(1, 9)}`,
    ...(dice.chance(0.5) && { readinessProbe: probe(dice) }),
    ...(dice.chance(0.2) && { startupProbe: { ...probe(dice), failureThreshold: 60 } }),
    ...(Object.keys(lifecycle).length > 0 && { lifecycle }),
  })
}

function probe(dice: Dice): Probe {
  return {
    exec: { command: ['probe'] },
    periodSeconds: dice.whole(1, 3),
    initialDelaySeconds: dice.pick(0, 0, 1),
  }
}

/** How containers behave: it follows from the seed and the pod's name, so that every run of a world is the same. */
export function randomScript(seed: number, crashing: boolean): Script {
  return ({ pod: { metadata }, container: name, attempt }) => {
    const draw = (what: string): number => unitHash(String(seed), metadata.name ?? '', name, what)
    if (name === 'init') return { exitAfterMs: Math.floor(draw('init') * 2_000) }
    const slow = {
      stopAfterMs: draw('stop') < 0.2 ? Math.floor(draw('grace') * 8_000) : 0,
      exec: hookOrProbe(draw('ready')),
    }
    if (!crashing || attempt > 1 || draw(`crash ${attempt}`) > 0.3) return slow
    return { ...slow, exitAfterMs: Math.floor(draw(`life ${attempt}`) * 5_000), exitCode: 1 }
  }
}

function hookOrProbe(draw: number): NonNullable<ContainerScript['exec']> {
  const readyAfterMs = Math.floor(draw ** 2 * 5_000)
  return ([command], ranMs) => {
    const ok = command === 'hook' || ranMs >= readyAfterMs
    return { exitCode: ok ? 0 : 1, output: '', timedOut: false }
  }
}
