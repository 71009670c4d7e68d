import { expect, test } from 'vitest'
import { createFetchReport } from '../../engine/cli/fetchProgress.ts'

function world(isTTY: boolean) {
  let text = ''
  let now = Temporal.Instant.from('2026-01-01T00:00:00Z')
  return {
    clock: { now: () => now, elapsedMs: 0, sleepUntil: () => Promise.resolve() },
    stderr: {
      write: (more: string) => void (text += more),
      isTTY,
      size: () => ({ columns: 80, rows: 24 }),
      closed: new AbortController().signal,
    },
    pass: (seconds: number) => (now = now.add({ seconds })),
    text: () => text,
  }
}

test('a short fetch is silent, and a long one gives a line now and then', () => {
  const shown = world(false)
  const report = createFetchReport('https://h/x', 'text', shown)
  report.tell({ stage: 'receiving', percent: 1 })
  expect(shown.text()).toBe('')
  shown.pass(5)
  report.tell({ stage: 'receiving', percent: 40 })
  report.tell({ stage: 'receiving', percent: 41 })
  report.end()
  expect(shown.text()).toBe('fetching https://h/x: receiving 40 %\n')
})

test('with --log-format json the line is a document', () => {
  const shown = world(false)
  const report = createFetchReport('https://h/x', 'json', shown)
  shown.pass(6)
  report.tell({ stage: 'resolving', percent: 40 })
  expect(JSON.parse(shown.text())).toMatchObject({
    level: 'info',
    message: 'fetching https://h/x: resolving 40 %',
  })
})

test('on a terminal one line is drawn anew, and gone at the end', () => {
  const shown = world(true)
  const report = createFetchReport('https://h/x', 'text', shown)
  report.tell({ stage: 'receiving', percent: 1 })
  report.tell({ stage: 'receiving', percent: 2 })
  expect(shown.text()).toBe(
    'fetching https://h/x: receiving 1 %\n\u001b[1A\u001b[Jfetching https://h/x: receiving 2 %\n',
  )
  report.end()
  expect(shown.text().endsWith('\u001b[1A\u001b[J')).toBe(true)
})
