import { keyParts, nodeName, objectKey } from '../../api/names.ts'
import { nodeMemory } from '../../api/nodeRecords.ts'
import type { ProgressEvent } from '../../reconciler/progress.ts'
import type { Happening, Telling } from './telling.ts'
import { oneLine } from './words.ts'

type Of<K extends ProgressEvent['kind']> = Extract<ProgressEvent, { readonly kind: K }>

function aboutNode(node: string): Happening['about'] {
  return { key: objectKey('Node', undefined, node), host: node }
}

export function nodeTelling(event: Of<'nodeChanged'>): Telling {
  const { at, message: why, node, reachable } = event
  const cause = why === undefined ? '' : `: ${oneLine(why)}`
  const message = reachable ? `node ${node} answers` : `node ${node} does not answer${cause}`
  const reason = reachable ? 'NodeReady' : 'NodeNotReady'
  return {
    level: reachable ? 'info' : 'warn',
    message,
    fields: { node, reason },
    events: [{ at, about: aboutNode(node), type: reachable ? 'Normal' : 'Warning', reason, message }],
    repeats: `node ${node} ${reason}`,
  }
}

export function damageTelling(event: Of<'nodeDamaged'>): Telling {
  const { at, done, found, node, problem } = event
  const end =
    done ?? (problem === undefined ? 'left as it is' : `it could not be put right: ${oneLine(problem)}`)
  const message = `${found}: ${end}`
  const reason = done === undefined ? 'NodeDamaged' : 'NodeMended'
  return {
    level: 'warn',
    message: `on node ${node}: ${message}`,
    fields: { node, reason },
    events: [{ at, about: aboutNode(node), type: 'Warning', reason, message }],
    repeats: `damage ${node} ${message}`,
  }
}

/** What people have said of a node by command, and when a drain is over; with Kubernetes' reasons where it has any. */
export function nodeRecordTellings({ at, before, object, record }: Of<'recordChanged'>): readonly Telling[] {
  const node = nodeName(keyParts(object).name)
  const [past, now] = [nodeMemory(before), nodeMemory(record)]
  const told = (reason: string, message: string): Telling => ({
    level: 'info',
    message,
    fields: { node, reason },
    events: [{ at, about: aboutNode(node), type: 'Normal', reason, message }],
  })
  const words: Telling[] = []
  if (past.unschedulable !== now.unschedulable)
    words.push(
      now.unschedulable === true
        ? told('NodeNotSchedulable', `node ${node} is cordoned: no new pods are put on it`)
        : told('NodeSchedulable', `node ${node} is uncordoned`),
    )
  const warned = (reason: string, message: string): Telling => ({
    ...told(reason, message),
    level: 'warn',
    events: [{ at, about: aboutNode(node), type: 'Warning', reason, message }],
  })
  if (past.loss?.since === undefined && now.loss?.since !== undefined)
    words.push(
      warned(
        'NodeNotReady',
        `node ${node} counts as unreachable: it has not answered since ${now.loss.heard}`,
      ),
    )
  const replaced = (now.loss?.evicted?.length ?? 0) - (past.loss?.evicted?.length ?? 0)
  if (replaced > 0)
    words.push(
      warned('TaintManagerEviction', `others take the place of ${counted(replaced)} on node ${node}`),
    )
  if (past.fenced === undefined && now.fenced !== undefined)
    words.push(warned('NodeFenced', `node ${node} is said to be dead: what it had is made elsewhere`))
  if (past.fenced !== undefined && now.fenced === undefined)
    words.push(told('NodeUnfenced', `node ${node} is no longer said to be dead`))
  if (past.drain?.startedAt !== now.drain?.startedAt)
    words.push(
      now.drain === undefined
        ? told('DrainEnded', `the drain of node ${node} is over`)
        : told('Draining', `node ${node} is drained: its pods are taken off as their budgets allow`),
    )
  return words
}

function counted(pods: number): string {
  return pods === 1 ? '1 pod' : `${pods} pods`
}
