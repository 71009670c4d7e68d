import type { InterfaceMeasures, TrafficMeasures } from '../../measures.ts'

/** `name value` a line, as in cpu.stat and memory.stat. */
export function parseTable(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split('\n').flatMap((line): (readonly [string, number])[] => {
      const [name = '', value = ''] = line.split(' ')
      return /^\d+$/.test(value) ? [[name, Number(value)]] : []
    }),
  )
}

/** Undefined for `max`, for what is no number, and where there is no such file. */
export function parseNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? ''
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : undefined
}

/** What was read and written of one device; `device` is `major:minor`. */
export interface DeviceIo {
  readonly device: string
  readonly readBytes: number
  readonly writtenBytes: number
  readonly reads: number
  readonly writes: number
}

/** cgroup v2: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`. */
export function parseIoStat(text: string): readonly DeviceIo[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', ...fields] = line.trim().split(' ')
    if (!/^\d+:\d+$/.test(device) || fields.length === 0) return []
    const values = new Map(fields.map((field) => [field.split('=')[0] ?? '', Number(field.split('=')[1])]))
    const of = (name: string): number => values.get(name) ?? 0
    return [
      {
        device,
        readBytes: of('rbytes'),
        writtenBytes: of('wbytes'),
        reads: of('rios'),
        writes: of('wios'),
      },
    ]
  })
}

/** cgroup v1: `8:0 Read 4096` a line, in one file for bytes and in one for how often. */
export function parseBlkio(bytes: string, counts: string): readonly DeviceIo[] {
  const sizes = blkioTable(bytes)
  const numbers = blkioTable(counts)
  const devices = [...new Set([...sizes.keys()].map((key) => key.split(' ')[0] ?? ''))].toSorted()
  return devices.map((device) => ({
    device,
    readBytes: sizes.get(`${device} Read`) ?? 0,
    writtenBytes: sizes.get(`${device} Write`) ?? 0,
    reads: numbers.get(`${device} Read`) ?? 0,
    writes: numbers.get(`${device} Write`) ?? 0,
  }))
}

function blkioTable(text: string): ReadonlyMap<string, number> {
  const lines = [...text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)]
  return new Map(lines.map(([, device = '', what = '', value]) => [`${device} ${what}`, Number(value)]))
}

/** /proc/net/dev, but for the loopback: eight columns of what came, eight of what went. */
export function parseNetDev(text: string): readonly InterfaceMeasures[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', rest] = line.split(':')
    if (rest === undefined || name.trim() === 'lo') return []
    const columns = rest.trim().split(/\s+/).map(Number)
    if (columns.length < 16 || columns.some(Number.isNaN)) return []
    return [{ name: name.trim(), received: traffic(columns), sent: traffic(columns.slice(8)) }]
  })
}

function traffic([bytes = 0, packets = 0, errors = 0, dropped = 0]: readonly number[]): TrafficMeasures {
  return { bytes, packets, errors, dropped }
}

/** The device's name in its uevent file. */
export function parseDeviceName(uevent: string): string | undefined {
  return /^DEVNAME=(\S+)$/m.exec(uevent)?.[1]
}
