import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import { type EventSink, openEventFile, readEvents } from '../../../engine/daemon/events/eventFile.ts'
import { eventFilePath } from '../../../engine/daemon/events/eventPath.ts'
import type { Happening } from '../../../engine/daemon/telling/telling.ts'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'
import { localTransport } from '../../../engine/transport/local.ts'
import type { Transport } from '../../../engine/transport/transport.ts'

let root = ''
let clock = new VirtualClock()
let log: string[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reconcile-events-'))
  clock = new VirtualClock()
  log = []
})

afterEach(() => rmSync(root, { recursive: true }))

function open(transport: Transport = localTransport()): Promise<EventSink> {
  return openEventFile({ transport, root, clock, log: (level, message) => log.push(`${level} ${message}`) })
}

function happening(name: string, message = 'Started'): Happening {
  return {
    at: clock.now().toString(),
    about: { key: objectKey('Pod', 'shop', name) },
    type: 'Normal',
    reason: 'Started',
    message,
  }
}

async function kept(): Promise<readonly string[]> {
  const { history } = await readEvents(localTransport(), root)
  const events = history.all(clock.now())
  return events.map(({ count, involvedObject }) => `${involvedObject.name} ${count}`).toSorted()
}

function lineCount(): number {
  return readFileSync(eventFilePath(root), 'utf8').split('\n').length - 1
}

test('events outlive the engine, counted', async () => {
  {
    await using events = await open()
    for (const name of ['a', 'b', 'a']) events.add(happening(name))
  }
  expect(await kept()).toEqual(['a 2', 'b 1'])
  await using events = await open()
  expect(events.add({ ...happening('a'), found: true })).toBe(false)
  expect(events.add(happening('a'))).toBe(true)
  await events[Symbol.asyncDispose]()
  expect(await kept()).toEqual(['a 3', 'b 1'])
  expect(log).toEqual([])
})

test('a new event is on the disk soon, and a count a little later, without anybody waiting', async () => {
  const written: string[] = []
  const local = localTransport()
  const done = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using events = await open({
    ...local,
    appendFile: async (path, content, mode) => {
      await local.appendFile(path, content, mode)
      written.push(content)
      done[written.length - 1]?.resolve()
    },
  })
  events.add(happening('a'))
  expect(written).toEqual([])
  await clock.runFor(250)
  await done[0]?.promise
  events.add(happening('a'))
  events.add(happening('a'))
  await clock.runFor(250)
  expect(written).toHaveLength(1)
  await clock.runFor(5_000)
  await done[1]?.promise
  expect(written.map((text) => text.trimEnd().split('\n').length)).toEqual([1, 1])
  expect(await kept()).toEqual(['a 3'])
})

test('a file that was cut off in the middle of a line loses that line, says so, and goes on', async () => {
  {
    await using events = await open()
    for (const name of ['a', 'b', 'c']) events.add(happening(name))
  }
  const path = eventFilePath(root)
  truncateSync(path, readFileSync(path).length - 20)
  expect(await kept()).toEqual(['a 1', 'b 1'])
  {
    await using events = await open()
    events.add(happening('d'))
  }
  expect(log).toEqual([`warn 1 damaged lines of ${path} are left out: their events are lost`])
  expect(await kept()).toEqual(['a 1', 'b 1', 'd 1'])
  expect(lineCount()).toBe(3)
})

test('a file of which only the last line end is missing loses nothing', async () => {
  {
    await using events = await open()
    events.add(happening('a'))
  }
  const path = eventFilePath(root)
  truncateSync(path, readFileSync(path).length - 1)
  {
    await using events = await open()
    events.add(happening('b'))
  }
  expect(log).toEqual([])
  expect(await kept()).toEqual(['a 1', 'b 1'])
})

test('lines that are no events are left out, wherever they stand', async () => {
  {
    await using events = await open()
    events.add(happening('a'))
  }
  const path = eventFilePath(root)
  const line = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    `\u0000\u0000\n{"kind":"Event"}\n${line.replace(/"count":1/, '"count":"many"')}[]\n${line}`,
  )
  expect(await kept()).toEqual(['a 1'])
  await using _events = await open()
  expect(log).toEqual([`warn 4 damaged lines of ${path} are left out: their events are lost`])
})

test('the file is written anew once it has grown', async () => {
  await using events = await open()
  let written = 0
  for (let round = 0; round < 300; round += 1) {
    events.add(happening('a'))
    await clock.runFor(6_000)
    // the disk's turn
    while (!(await kept()).includes(`a ${round + 1}`)) await new Promise((resolve) => setImmediate(resolve))
    written = Math.max(written, lineCount())
  }
  expect(written).toBeGreaterThan(100)
  expect(written).toBeLessThanOrEqual(204)
  expect(await kept()).toEqual(['a 300'])
})

test('a disk that is full keeps nobody from anything, is told once, and gets all when it has room', async () => {
  const local = localTransport()
  let isFull = true
  const full = (): void => {
    if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  const transport: Transport = {
    ...local,
    appendFile: async (path, content, mode) => {
      // the half of it still found room
      if (isFull) appendFileSync(path, content.slice(0, content.length / 2))
      full()
      await local.appendFile(path, content, mode)
    },
    writeFile: async (path, content, mode) => {
      full()
      await local.writeFile(path, content, mode)
    },
  }
  await using events = await open(transport)
  for (const name of ['a', 'b', 'c']) {
    expect(events.add(happening(name))).toBe(true)
    await clock.runFor(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  isFull = false
  events.add(happening('d'))
  await events[Symbol.asyncDispose]()
  expect(await kept()).toEqual(['a 1', 'b 1', 'c 1', 'd 1'])
  expect(log).toEqual([
    'warn events are kept in memory only: ENOSPC: no space left on device, write',
    `info ${eventFilePath(root)} can be written again`,
  ])
  expect(lineCount()).toBe(4)
})

test('a history that cannot be read is begun anew', async () => {
  const transport: Transport = {
    ...localTransport(),
    readFile: () => Promise.reject(new Error('EIO: i/o error')),
  }
  {
    await using events = await open(transport)
    events.add(happening('a'))
  }
  expect(log).toEqual([`warn reading ${eventFilePath(root)} failed, and it is begun anew: EIO: i/o error`])
  expect(await kept()).toEqual(['a 1'])
})
