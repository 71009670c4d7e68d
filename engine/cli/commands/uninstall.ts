import type { RunCommand } from '../commands.ts'
import { serviceOf } from '../install/service.ts'
import { assertSystemd, systemctl } from '../install/systemd.ts'
import { assertRights } from '../rights.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  assertRights(invocation, world)
  const { file, name, transport } = await serviceOf(invocation, world)
  if ((await transport.stat(file)) === undefined) {
    world.stdout.write(`${name} is not installed\n`)
    return EXIT.done
  }
  await assertSystemd(transport)
  await systemctl(transport, ['disable', '--now', name], world.signal)
  await transport.remove(file)
  await systemctl(transport, ['daemon-reload'], world.signal)
  world.stdout.write(`removed ${name}; what it runs, runs on: reconcile down ends that\n`)
  return EXIT.done
}
