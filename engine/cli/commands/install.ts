import type { RunCommand } from '../commands.ts'
import { assertSystemd, systemctl } from '../install/systemd.ts'
import { type Service, serviceOf, serviceText } from '../install/service.ts'
import { assertRights } from '../rights.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const service = await serviceOf(invocation, world)
  const text = await serviceText(service, invocation, world)
  if (invocation.flag('print')) {
    world.stdout.write(text)
    return EXIT.done
  }
  assertRights(invocation, world)
  await assertSystemd(service.transport)
  const before = await service.transport.readFile(service.file)
  const isNew = before === undefined
  const isSame = !isNew && new TextDecoder().decode(before) === text
  if (!isSame) await write(service, text)
  await systemctl(service.transport, ['enable', service.name], world.signal)
  // Also where nothing in the unit has changed: the engine's own files may have, and its containers run on meanwhile.
  await systemctl(service.transport, ['restart', service.name], world.signal)
  tell(service, isNew ? 'installed' : isSame ? 'restarted' : 'changed', world)
  return EXIT.done
}

async function write({ file, transport }: Service, text: string): Promise<void> {
  await transport.writeFile(file, text, 0o644)
  await systemctl(transport, ['daemon-reload'])
}

function tell({ file, name }: Service, what: 'installed' | 'changed' | 'restarted', world: World): void {
  world.stdout.write(`${what} ${name} (${file}); it runs now, and from every boot on\n`)
  world.stderr.write(`what it does: journalctl --unit ${name} --follow, and reconcile status\n`)
}
