/** Names and values of one series. */
export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** Which thing it is about: the same object in all its samples, so that it is put into words once a scrape. */
  readonly common: Labels
  readonly labels: Labels
  readonly value: number
}

const NO_LABELS: Labels = {}

export type MetricType = 'gauge' | 'counter'

/** What is known of a metric before anything is measured: what docs/metrics.md says of it. */
export interface MetricShape {
  readonly name: string
  readonly help: string
  readonly type: MetricType | 'histogram'
  /** `label_*`: one for each label of the object. */
  readonly labels: readonly string[]
}

/** A metric that is worked out anew for each scrape, from a world of things as they are then. */
export interface Table<World> extends MetricShape {
  readonly type: MetricType
  readonly samples: (world: World) => readonly Sample[]
}

/** A series beside those labels that all have: the values of its own labels, in their order, and what it says. */
export type Row = readonly [values: readonly string[], value: number]

/** A metric of one kind of thing. */
export interface Family<T> extends MetricShape {
  readonly type: MetricType
  readonly of: (subject: T) => readonly Sample[]
}

/** Metrics of one kind of thing, all of which carry the labels that say which one it is. */
export class Describing<T extends object> {
  readonly #names: readonly string[]
  readonly #known = new WeakMap<T, Labels>()
  readonly #labels: (subject: T) => Labels

  constructor(names: readonly string[], labels: (subject: T) => Labels) {
    this.#names = names
    this.#labels = labels
  }

  /** One number; undefined: nothing is said of this one. True is 1. */
  gauge(name: string, help: string, of: (subject: T) => number | boolean | undefined): Family<T> {
    return this.#one('gauge', name, help, of)
  }

  counter(name: string, help: string, of: (subject: T) => number | undefined): Family<T> {
    return this.#one('counter', name, help, of)
  }

  gauges(
    name: string,
    help: string,
    labels: readonly string[],
    of: (subject: T) => readonly Row[],
  ): Family<T> {
    return this.#rows('gauge', name, help, labels, of)
  }

  counters(
    name: string,
    help: string,
    labels: readonly string[],
    of: (subject: T) => readonly Row[],
  ): Family<T> {
    return this.#rows('counter', name, help, labels, of)
  }

  /** Says 1, and in its labels what the object's labels are. */
  labelled(name: string, of: (subject: T) => Readonly<Record<string, string>> | undefined): Family<T> {
    return {
      name,
      help: 'Kubernetes labels converted to Prometheus labels.',
      type: 'gauge',
      labels: [...this.#names, 'label_*'],
      of: (subject) => [{ common: this.#common(subject), labels: promLabels(of(subject) ?? {}), value: 1 }],
    }
  }

  #common(subject: T): Labels {
    const known = this.#known.get(subject) ?? this.#labels(subject)
    this.#known.set(subject, known)
    return known
  }

  #one(
    type: MetricType,
    name: string,
    help: string,
    of: (subject: T) => number | boolean | undefined,
  ): Family<T> {
    const samples = (subject: T): readonly Sample[] => {
      const value = of(subject)
      if (value === undefined) return []
      return [{ common: this.#common(subject), labels: NO_LABELS, value: Number(value) }]
    }
    return { name, help, type, labels: this.#names, of: samples }
  }

  #rows(
    type: MetricType,
    name: string,
    help: string,
    labels: readonly string[],
    of: (subject: T) => readonly Row[],
  ): Family<T> {
    const samples = (subject: T): readonly Sample[] => {
      const common = this.#common(subject)
      return of(subject).map(([values, value]) => ({
        common,
        labels: Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])),
        value,
      }))
    }
    return { name, help, type, labels: [...this.#names, ...labels], of: samples }
  }
}

/** The tables of a kind, over all of it that there is; which is found out once for a world. */
export function tablesOf<World extends object, T>(
  subjects: (world: World) => readonly T[],
  families: readonly Family<T>[],
): readonly Table<World>[] {
  const known = new WeakMap<World, readonly T[]>()
  const all = (world: World): readonly T[] => {
    const found = known.get(world) ?? subjects(world)
    known.set(world, found)
    return found
  }
  return families.map(({ help, labels, name, of, type }) => ({
    name,
    help,
    type,
    labels,
    samples: (world) => all(world).flatMap(of),
  }))
}

/** A row for each of the values that there may be, and 1 in that of the one it is. */
export function oneOf(values: readonly string[], value: string | undefined): readonly Row[] {
  return values.map((each) => [[each], Number(each === value)])
}

/** A condition as kube-state-metrics shows it: a row for each of the three statuses, after these values. */
export function statusRows(status: string | undefined, ...before: readonly string[]): readonly Row[] {
  return ['true', 'false', 'unknown'].map((each) => [
    [...before, each],
    Number(each === status?.toLowerCase()),
  ])
}

/** Seconds since 1970, without their parts, as Kubernetes' times have none. */
export function unixSeconds(timestamp: string | undefined): number | undefined {
  if (timestamp === undefined) return undefined
  const ms = Date.parse(timestamp)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}

/** As kube-state-metrics names them: `app.kubernetes.io/name` is label_app_kubernetes_io_name, `appName` is label_app_name. */
function promLabels(labels: Readonly<Record<string, string>>): Labels {
  const byName = Map.groupBy(Object.keys(labels).toSorted(), promName)
  return Object.fromEntries(
    [...byName].flatMap(([name, keys]) =>
      keys.map((key, index) => [
        keys.length === 1 ? name : `${name}_conflict${index + 1}`,
        labels[key] ?? '',
      ]),
    ),
  )
}

function promName(key: string): string {
  const plain = key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return `label_${plain.toLowerCase()}`
}
