import type { CommandSpec } from '../commands.ts'

const OBJECT = { least: 1, most: 1 } as const
const OBJECT_DETAILS =
  'OBJECT is KIND/NAME or KIND/NAMESPACE/NAME, such as deployment/web or sts/shop/db; without a namespace that of -n, or default.'

const APPROVE: CommandSpec = {
  name: 'approve',
  usage: 'COMMIT',
  summary: 'lets a commit that is held be applied, whatever it deletes',
  details:
    'COMMIT is the id of the commit that is held, or its beginning. A running engine applies it at once; without one, the next\n' +
    'reconcile --once does. It counts for this commit alone, and until another one is applied.',
  options: [],
  arguments: OBJECT,
  examples: [['reconcile approve 1a2b3c4d', 'what reconcile status shows as held']],
  load: () => import('../commands/approve.ts'),
}

const SUSPEND: CommandSpec = {
  name: 'suspend',
  usage: 'OBJECT',
  summary: 'leaves an object as it is, whatever the repository says, until it is resumed',
  details: `${OBJECT_DETAILS}\nIts pods run on, and containers that end are started again as their restartPolicy says. Nothing else is done about it: it is not\nchanged, scaled, replaced, mended or deleted. So it is with all that was made from it.`,
  options: [],
  arguments: OBJECT,
  examples: [['reconcile suspend deployment/web', 'before work on it by hand']],
  load: () => import('../commands/suspend.ts'),
}

const RESUME: CommandSpec = {
  name: 'resume',
  usage: 'OBJECT',
  summary: 'takes up again what was suspended',
  details: OBJECT_DETAILS,
  options: [],
  arguments: OBJECT,
  examples: [['reconcile resume deployment/web', 'bring it to what the repository says']],
  load: () => import('../commands/resume.ts'),
}

export const RAIL_COMMANDS: readonly CommandSpec[] = [APPROVE, SUSPEND, RESUME]
