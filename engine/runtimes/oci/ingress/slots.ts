import type { IngressConfig } from '../../../api/ingress.ts'

/** Of one backend: `address:port` in each place, `''` where nothing is. A place is given at run time, without a new process. */
export type Slots = readonly string[]

/** By the backend's name. */
export type AllSlots = ReadonlyMap<string, Slots>

type Endpoint = IngressConfig['backends'][number]['endpoints'][number]

/** As a `server` line of haproxy has it. */
export function endpointText({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** What stays keeps its place, what comes takes those that are free: first those that have been so for longer. */
export function slotsOf(backends: IngressConfig['backends'], before: AllSlots): AllSlots {
  return new Map(
    backends.map(({ endpoints, name }) => [
      name,
      backendSlots(endpoints.map(endpointText), before.get(name) ?? []),
    ]),
  )
}

const PLACES_MIN = 4

function backendSlots(wanted: readonly string[], before: Slots): Slots {
  const places = Math.max(before.length, placesFor(wanted.length))
  const kept = new Set(wanted.filter((text) => before.includes(text)))
  const slots = Array.from({ length: places }, (_, index) => {
    const text = before[index] ?? ''
    return kept.has(text) ? text : ''
  })
  // A place that was empty before has no connection that is still answered by what it had.
  const free = [...slots.keys()].filter((index) => slots[index] === '')
  const order = [...free.filter((index) => !before[index]), ...free.filter((index) => before[index])]
  const come = wanted.filter((text) => !kept.has(text))
  for (const [position, text] of come.entries()) {
    const place = order[position]
    if (place !== undefined) slots[place] = text
  }
  return slots
}

/** One more than there are, for a rolling update; in powers of two, so that few changes need a new process. */
function placesFor(endpoints: number): number {
  let places = PLACES_MIN
  while (places < endpoints + 1) places *= 2
  return places
}

/** What the proxy's socket is told so that the one becomes the other; both have the same backends and as many places. */
export function slotCommands(before: AllSlots | undefined, wanted: AllSlots): readonly string[] {
  return [...wanted].flatMap(([name, slots]) => {
    const known = before?.get(name)
    return slots.flatMap((text, index) => {
      if (known !== undefined && known[index] === text) return []
      const server = `set server ${name}/${serverName(index)}`
      if (text === '') return [`${server} state maint`]
      const [, address = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? []
      return [`${server} addr ${address} port ${port}`, `${server} state ready`]
    })
  })
}

export function serverName(index: number): string {
  return `s${index + 1}`
}

/** Nobody is there; it is never asked, for its place is disabled. */
const NOBODY = '127.0.0.1:1'

export function backendLines(all: AllSlots): readonly string[] {
  return [...all].flatMap(([name, slots]) => [
    `backend ${name}`,
    ...slots.map((text, index) =>
      text === ''
        ? `  server ${serverName(index)} ${NOBODY} disabled`
        : `  server ${serverName(index)} ${text}`,
    ),
  ])
}

/** From a configuration that backendLines are part of. */
export function parseSlots(config: string): AllSlots {
  const found = new Map<string, string[]>()
  let slots: string[] = []
  for (const line of config.split('\n')) {
    const [word, name = '', text = '', disabled] = line.trim().split(' ')
    if (word === 'backend') {
      slots = []
      found.set(name, slots)
    }
    if (word === 'server') slots.push(disabled === undefined ? text : '')
  }
  return found
}
