import { expect, onTestFinished, test } from 'vitest'
import { oneByOne } from '../../../engine/runtimes/oci/oneByOne.ts'
import { ServerWatch } from '../../../engine/runtimes/oci/serverWatch.ts'
import { TransportError } from '../../../engine/transport/transport.ts'

const [ONE, TWO] = [{ machine: 'ssh://one' }, { machine: 'ssh://two' }]

test('work on the same thing of one machine is done one after the other, and waits for no other machine', async () => {
  const slow = Promise.withResolvers<void>()
  const done: string[] = []
  const first = oneByOne(ONE, '/root', async () => {
    await slow.promise
    done.push('first of one')
  })
  const second = oneByOne(ONE, '/root', async () => done.push('second of one'))
  await oneByOne(TWO, '/root', async () => done.push('two'))
  slow.resolve()
  await Promise.all([first, second])
  expect(done).toEqual(['two', 'first of one', 'second of one'])
})

test('the servers of two machines are both looked after, though their roots have one path', async () => {
  const looks = [ONE, TWO].map(async (machine) => {
    const looked = Promise.withResolvers<string>()
    const watch = new ServerWatch(machine, 'dns /root', async () => {
      looked.resolve(machine.machine)
      return undefined
    })
    onTestFinished(() => watch.set(false))
    watch.set(true)
    return await looked.promise
  })
  expect(await Promise.all(looks)).toEqual(['ssh://one', 'ssh://two'])
})

test('a server is looked after again when its node could not be reached', async () => {
  const again = Promise.withResolvers<string>()
  let isCut = true
  const watch = new ServerWatch(ONE, 'dns /other', () => {
    if (!isCut) again.resolve('again')
    const wasCut = isCut
    isCut = false
    return wasCut ? Promise.reject(new TransportError('the connection was lost')) : Promise.resolve(undefined)
  })
  onTestFinished(() => watch.set(false))
  watch.set(true)
  expect(await again.promise).toBe('again')
})
