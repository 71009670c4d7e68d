import { expect, test } from 'vitest'
import { sortedLog, written } from '../../../../engine/runtimes/oci/logs/files.ts'
import { keepSteps } from '../../../../engine/runtimes/oci/logs/keepSteps.ts'

const LIMITS = { bytesMax: 100, filesMax: 5 }

/** `name=id:bytes`: names with one id are names of one file. */
function log(...files: readonly string[]) {
  const states = files.map((file): [string, { id: string; sizeBytes: number; modifiedMs: number }] => {
    const [, name = '', id = '', bytes = ''] = /^(.*)=(.*):(.*)$/.exec(file) ?? []
    return [name, { id, sizeBytes: Number(bytes), modifiedMs: 0 }]
  })
  return sortedLog(new Map(states))
}

function steps(own: ReturnType<typeof log>, before?: ReturnType<typeof log>, limits = LIMITS) {
  return keepSteps(own, before, limits).map((step) => Object.values(step).join(' '))
}

const RUNNING = ['log=a:10', 'log.000001=a:10', 'log.tmp=b:0', 'log.000002=b:0']

test('files are told by their numbers: those that are complete, the one written to, and the one that comes next', () => {
  const found = log('log.tmp=d:0', 'log=c:5', 'log.000010=c:5', 'log.000009=b:9', 'log.000011=d:0')
  expect(found.older.map(({ name }) => name)).toEqual(['log.000009'])
  expect(found.current?.name).toBe('log.000010')
  expect(found.next?.name).toBe('log.000011')
  expect(written(found).map(({ name }) => name)).toEqual(['log.000009', 'log.000010'])
})

test('a log that has only begun gets a number, and the file that comes next is made', () => {
  expect(steps(log())).toEqual([])
  expect(steps(log('log=a:10'))).toEqual(['number log log.000001', 'prepare log.000002'])
})

test('nothing is done about a log that is kept already', () => {
  expect(steps(log(...RUNNING))).toEqual([])
})

test('when conmon has gone on to the file that was made, the one after it is made', () => {
  expect(steps(log('log=b:1', 'log.000002=b:1', 'log.000001=a:100'))).toEqual(['prepare log.000003'])
})

test('when conmon has gone on by two, the second of them gets a number above the first', () => {
  expect(steps(log('log=c:1', 'log.000002=b:100', 'log.000001=a:100'))).toEqual([
    'number log log.000003',
    'prepare log.000004',
  ])
})

test('a file that conmon takes over at this moment is taken for both, and nothing is made twice', () => {
  expect(steps(log('log.tmp=b:0', 'log=b:0', 'log.000002=b:0', 'log.000001=a:100'))).toEqual([
    'prepare log.000003',
  ])
})

test('a number that an engine gave before it was ended is taken back, unless it is in use', () => {
  expect(steps(log('log=a:10', 'log.000001=a:10', 'log.000002=x:0'))).toEqual([
    'prepare log.000003',
    'remove own log.000002',
  ])
})

test('what conmon may be about to rename is numbered, and never taken away', () => {
  expect(steps(log('log=a:10', 'log.000001=a:10', 'log.tmp=b:0'))).toEqual(['number log.tmp log.000002'])
  expect(steps(log('log=a:10', 'log.tmp=b:0'))).toEqual([
    'number log log.000001',
    'number log.tmp log.000002',
  ])
  expect(steps(log('log=a:10', 'log.tmp=b:0', 'log.000002=b:0'))).toEqual([
    'renumber log.000002 log.000003',
    'number log log.000002',
  ])
})

test('the oldest files go when there are more than there may be', () => {
  const four = ['log.000001=a:100', 'log.000002=b:100', 'log.000003=c:100', 'log.000004=d:100']
  const own = ['log=e:1', 'log.000005=e:1', 'log.tmp=f:0', 'log.000006=f:0']
  expect(steps(log(...four, ...own))).toEqual(['remove own log.000001'])
  expect(steps(log(...four, ...own), undefined, { bytesMax: 100, filesMax: 3 })).toEqual([
    'remove own log.000001',
    'remove own log.000002',
    'remove own log.000003',
  ])
})

test('files from before, larger than they may be now, are measured by what they hold', () => {
  expect(
    steps(
      log(
        'log.000001=a:400',
        'log=b:99',
        'log.000002=b:99',
        'log.tmp=c:0',
        'log.000003=c:0',
        'log.000000=z:2',
      ),
    ),
  ).toEqual(['remove own log.000000'])
})

test('a log that is full because it was begun with another limit is asked for the next one, once that is made', () => {
  expect(steps(log('log=a:300'))).toEqual(['number log log.000001', 'prepare log.000002', 'reopen'])
})

/** Two files that are full, one that is begun and one that is ready. */
const OWN = [
  'log.000001=a:100',
  'log.000002=b:100',
  'log=c:1',
  'log.000003=c:1',
  'log.tmp=d:0',
  'log.000004=d:0',
]

test('of the attempt before, what was made for more goes, and its last file stays whatever is too much', () => {
  const before = [
    'log.000001=o:100',
    'log.000002=p:100',
    'log=q:80',
    'log.000003=q:80',
    'log.tmp=r:0',
    'log.000004=r:0',
  ]
  expect(steps(log(...OWN), log(...before))).toEqual([
    'remove before log.tmp',
    'remove before log.000004',
    'remove before log.000001',
    'remove before log.000002',
  ])
})

test('where the last file of the attempt before had only begun, the one before it stays too', () => {
  const before = ['log.000001=o:100', 'log.000002=p:100', 'log=q:3', 'log.000003=q:3']
  expect(steps(log(...OWN), log(...before))).toEqual(['remove before log.000001', 'remove own log.000001'])
})
