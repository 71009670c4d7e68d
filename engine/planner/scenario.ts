import type { KubernetesObject, Node } from '../api/generated/types.ts'
import { keyParts, type NodeName, nodeName, type ObjectKey, objectKey } from '../api/names.ts'
import type { Desired, DesiredObject, Snapshot } from '../api/snapshot.ts'
import { autoscalersOf, isScalable, withReplicas } from './autoscale.ts'
import { inOrder } from './inOrder.ts'

/** Something that might happen, as `reconcile plan --simulate` takes it. */
export type Happening =
  | { readonly kind: 'node'; readonly node: NodeName; readonly what: NodeHappening }
  | { readonly kind: 'replicas'; readonly object: ObjectKey; readonly replicas: number }
  | { readonly kind: 'deleted'; readonly object: ObjectKey }

const NODE_HAPPENINGS = ['down', 'rebooted', 'drained', 'unschedulable', 'added'] as const
export type NodeHappening = (typeof NODE_HAPPENINGS)[number]

export type Parsed<T> =
  | { readonly kind: 'fine'; readonly value: T }
  /** In words for people, with what to write instead. */
  | { readonly kind: 'wrong'; readonly message: string }

const FORMS = `node=NAME ${NODE_HAPPENINGS.join('|')}, object=KIND/[NAMESPACE/]NAME replicas=N or object=KIND/[NAMESPACE/]NAME deleted`

/**
 * What a text says is to happen: happenings with commas between, each a subject and what becomes of it.
 *
 *     text      = happening { "," happening }
 *     happening = "node=" NAME ( "down" | "rebooted" | "drained" | "unschedulable" | "added" )
 *               | "object=" KIND "/" [ NAMESPACE "/" ] NAME ( "replicas=" NUMBER | "deleted" )
 */
export function parseScenario(text: string): Parsed<readonly Happening[]> {
  const happenings: Happening[] = []
  for (const part of text.split(',')) {
    const parsed = parseHappening(part.trim())
    if (parsed.kind === 'wrong') return parsed
    happenings.push(parsed.value)
  }
  return { kind: 'fine', value: happenings }
}

function parseHappening(text: string): Parsed<Happening> {
  const [subject = '', effect, ...more] = text.split(/\s+/)
  if (effect === undefined || more.length > 0) return wrong(`${quoted(text)} is no happening: write ${FORMS}`)
  const at = subject.indexOf('=')
  const name = subject.slice(at + 1)
  const of = subject.slice(0, Math.max(0, at))
  if (name === '' || (of !== 'node' && of !== 'object'))
    return wrong(`${quoted(subject)} is neither a node nor an object: write ${FORMS}`)
  return of === 'node' ? parseNode(name, effect) : parseObject(name, effect)
}

function parseNode(name: string, effect: string): Parsed<Happening> {
  const what = NODE_HAPPENINGS.find((one) => one === effect)
  if (what === undefined)
    return wrong(`a node cannot be ${quoted(effect)}: it can be ${NODE_HAPPENINGS.join(', ')}`)
  return { kind: 'fine', value: { kind: 'node', node: nodeName(name), what } }
}

function parseObject(name: string, effect: string): Parsed<Happening> {
  const [kind = '', ...rest] = name.split('/')
  const [namespace, own] = rest.length === 2 ? rest : ['default', rest[0]]
  if (rest.length > 2 || namespace === undefined || own === undefined || own === '' || kind === '')
    return wrong(
      `${quoted(name)} names no object: write KIND/NAMESPACE/NAME, or KIND/NAME in the default namespace`,
    )
  const object = objectKey(kind, namespace, own)
  if (effect === 'deleted') return { kind: 'fine', value: { kind: 'deleted', object } }
  const replicas = /^replicas=(\d{1,5})$/.exec(effect)?.[1]
  if (replicas === undefined)
    return wrong(`an object cannot be ${quoted(effect)}: it can be deleted, or have replicas=N`)
  return { kind: 'fine', value: { kind: 'replicas', object, replicas: Number(replicas) } }
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function wrong(message: string): { readonly kind: 'wrong'; readonly message: string } {
  return { kind: 'wrong', message }
}

/** The world in which it has happened, or is about to. */
export interface Scenario {
  readonly desired: Desired
  /** Nodes that stop to answer, begin anew, or come new and empty; each by name. */
  readonly down: readonly NodeName[]
  readonly rebooted: readonly NodeName[]
  readonly added: readonly NodeName[]
}

/** `head`: the node that the engine runs on. */
export function scenarioOf(
  happenings: readonly Happening[],
  { desired, observed }: Pick<Snapshot, 'desired' | 'observed'>,
  head: NodeName,
): Parsed<Scenario> {
  let scenario: Scenario = { desired, down: [], rebooted: [], added: [] }
  const nodes = new Set<NodeName>([...observed.nodes.keys(), ...desired.nodes.map(nameOf)])
  for (const happening of happenings) {
    const next =
      happening.kind === 'node'
        ? nodeScenario(scenario, happening, nodes, head)
        : objectScenario(scenario, happening)
    if (next.kind === 'wrong') return next
    scenario = next.value
  }
  return { kind: 'fine', value: scenario }
}

function nodeScenario(
  scenario: Scenario,
  { node, what }: Extract<Happening, { kind: 'node' }>,
  nodes: Set<NodeName>,
  head: NodeName,
): Parsed<Scenario> {
  const isKnown = nodes.has(node)
  if (what === 'added' ? isKnown : !isKnown) {
    const names = inOrder([...nodes], (name) => name).join(', ')
    return wrong(isKnown ? `there is a node ${node} already` : `there is no node ${node}: there is ${names}`)
  }
  switch (what) {
    case 'down':
      if (node === head) {
        const message = `${node} is where the engine runs: while it is down nobody decides anything; simulate that it is rebooted instead`
        return wrong(message)
      }
      return { kind: 'fine', value: { ...scenario, down: [...scenario.down, node] } }
    case 'rebooted':
      return { kind: 'fine', value: { ...scenario, rebooted: [...scenario.rebooted, node] } }
    case 'added': {
      const desired = withNodes(scenario.desired, nodes, node, (one) => one)
      nodes.add(node)
      return { kind: 'fine', value: { ...scenario, desired, added: [...scenario.added, node] } }
    }
    case 'unschedulable':
      return {
        kind: 'fine',
        value: { ...scenario, desired: withNodes(scenario.desired, nodes, node, cordoned) },
      }
    case 'drained':
      return {
        kind: 'fine',
        value: { ...scenario, desired: withNodes(scenario.desired, nodes, node, drained) },
      }
    default:
      return what satisfies never
  }
}

/** A commit without nodes means all that there are; once one of them is special, all must be named. */
function withNodes(
  desired: Desired,
  known: ReadonlySet<NodeName>,
  node: NodeName,
  change: (node: Node) => Node,
): Desired {
  const all = desired.nodes.length > 0 ? desired.nodes : inOrder([...known], (name) => name).map(bareNode)
  const there = all.some((one) => nameOf(one) === node) ? all : [...all, bareNode(node)]
  return { ...desired, nodes: there.map((one) => (nameOf(one) === node ? change(one) : one)) }
}

function bareNode(name: NodeName): Node {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name }, spec: {} }
}

function nameOf({ metadata }: Node): NodeName {
  return nodeName(metadata.name ?? '')
}

function cordoned(node: Node): Node {
  return { ...node, spec: { ...node.spec, unschedulable: true } }
}

/** As `reconcile drain --ignore-daemonsets --force --delete-emptydir-data` does it: pods of DaemonSets stay, budgets hold. */
function drained(node: Node): Node {
  return { ...node, spec: { ...node.spec, drain: { force: true, deleteEmptyDirData: true } } }
}

function objectScenario(
  scenario: Scenario,
  happening: Exclude<Happening, { kind: 'node' }>,
): Parsed<Scenario> {
  const { object: key } = happening
  const objects = new Map(scenario.desired.objects)
  const found = objects.get(key)
  if (found === undefined) return wrong(missingText(key, scenario.desired))
  if (happening.kind === 'deleted') objects.delete(key)
  else {
    const changed = withCount(found, happening.replicas, scenario.desired)
    if (changed.kind === 'wrong') return changed
    objects.set(key, changed.value)
  }
  return { kind: 'fine', value: { ...scenario, desired: { ...scenario.desired, objects } } }
}

function missingText(key: ObjectKey, { objects }: Desired): string {
  const { kind, name, namespace } = keyParts(key)
  const likely = [...objects.keys()].filter(
    (one) => keyParts(one).kind === kind || keyParts(one).name === name,
  )
  const there =
    likely.length === 0
      ? ''
      : `: there is ${inOrder(likely, (one) => one)
          .slice(0, 5)
          .join(', ')}`
  return `the commit has no ${kind} ${namespace}/${name}${there}`
}

function withCount(found: DesiredObject, replicas: number, { objects }: Desired): Parsed<DesiredObject> {
  const { key, object, written } = found
  const { kind, name } = keyParts(key)
  if (!isScalable(object)) return wrong(`a ${kind} has no replicas; it can be deleted`)
  const autoscaler = autoscalersOf(objects).find(({ target }) => target === key)
  if (autoscaler !== undefined) {
    const by = keyParts(autoscaler.desired.key).name
    return wrong(`how many replicas ${kind} ${name} has is for HorizontalPodAutoscaler ${by} to say`)
  }
  const counted = (one: KubernetesObject): KubernetesObject => withReplicas(one, replicas)
  return { kind: 'fine', value: { ...found, object: counted(object), written: counted(written) } }
}
