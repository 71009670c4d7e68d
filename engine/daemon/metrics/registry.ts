import { setImmediate } from 'node:timers/promises'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricGroup } from './groups.ts'
import type { Labels, MetricShape, Sample, Table } from './table.ts'

export interface Counting {
  add(labels: Labels, amount?: number): void
}

export interface Timing {
  observe(labels: Labels, seconds: number): void
}

interface Described extends Omit<MetricShape, 'type'> {
  readonly group: MetricGroup
}

/** The engine does something else after so long, and goes on with the scrape then. */
const STRETCH_MS = 5

/** The metrics of one engine; prom-client's own registry for the whole process is left empty. */
export class MetricsRegistry<World> {
  readonly #registry = new Registry()
  readonly #shapes: (MetricShape & { readonly group: MetricGroup })[] = []
  /** What the tables are worked out from; set anew before each of them. */
  #world: World | undefined

  get shapes(): readonly (MetricShape & { readonly group: MetricGroup })[] {
    return this.#shapes
  }

  /** Worked out anew for each scrape, by these functions. */
  tables(group: MetricGroup, tables: readonly Table<World>[]): void {
    for (const table of tables) {
      const { help, name, samples, type } = table
      const now = (): readonly Sample[] => (this.#world === undefined ? [] : samples(this.#world))
      tableMetric(type, { name, help, registers: [this.#registry] }, now)
      this.#shapes.push({ name, help, type, labels: table.labels, group })
    }
  }

  counter({ group, help, labels, name }: Described): Counting {
    const metric = new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] })
    this.#shapes.push({ name, help, type: 'counter', labels, group })
    return { add: (values, amount = 1) => metric.inc({ ...values }, amount) }
  }

  histogram({ group, help, labels, name }: Described, buckets: readonly number[]): Timing {
    const metric = new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.#registry],
    })
    this.#shapes.push({ name, help, type: 'histogram', labels, group })
    return { observe: (values, seconds) => metric.observe({ ...values }, seconds) }
  }

  /** Prometheus' text format. A metric of which there is nothing to say is left out. */
  async text(world: World, isAsked: (group: MetricGroup) => boolean): Promise<string> {
    const parts: string[] = []
    let beganMs = performance.now()
    for (const { group, name } of this.#shapes) {
      if (!isAsked(group)) continue
      if (performance.now() - beganMs > STRETCH_MS) {
        await setImmediate()
        beganMs = performance.now()
      }
      // Read by the table before anything else can run.
      this.#world = world
      const part = await this.#registry.getSingleMetricAsString(name)
      if (part.split('\n', 3).length > 2) parts.push(`${part}\n`)
    }
    this.#world = undefined
    return parts.join('')
  }
}

interface Settings {
  readonly name: string
  readonly help: string
  readonly registers: Registry[]
}

/** One whose values are asked for when it is. prom-client's own way, `collect`, would have each of them set and looked up by its labels. */
function tableMetric(type: 'gauge' | 'counter', settings: Settings, samples: () => readonly Sample[]): void {
  const metric = type === 'gauge' ? new Gauge(settings) : new Counter(settings)
  const described = metric.get.bind(metric)
  metric.get = async () => ({ ...(await described()), values: samples().map(valueOf) })
}

interface Value {
  readonly labels: Record<string, string>
  /** Of prom-client: put into words once for each such object. */
  readonly sharedLabels: Labels
  readonly value: number
}

function valueOf({ common, labels, value }: Sample): Value {
  return { labels: { ...labels }, sharedLabels: common, value }
}
