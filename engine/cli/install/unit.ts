/** What a service unit is made from. Paths are absolute. */
export interface UnitParts {
  readonly engine: string
  /** After the program's name, as the daemon takes them. */
  readonly arguments: readonly string[]
  readonly root: string
  /** What is followed, without credentials: for people. */
  readonly repository: string
  /** Local folders that have to be mounted before the engine starts. */
  readonly needs: readonly string[]
  /** Open files that a process may have on this machine; absent: not known. */
  readonly filesMax?: number
}

/** More helps nobody: each container's processes inherit it, and some run through all of them. */
const FILES_MAX = 1_048_576

/**
 * A service that can be stopped, updated and killed without a container noticing. docs/install.md says of each line why it is there, and of those
 * that are usual elsewhere why they are not.
 */
export function unitText(parts: UnitParts): string {
  const { filesMax } = parts
  const needs = parts.needs.map(pathText).join(' ')
  const section = (name: string, lines: readonly string[]): string => [`[${name}]`, ...lines, ''].join('\n')
  return [
    section('Unit', [
      `Description=reconcile: ${plain(parts.repository)}`,
      'Wants=network-online.target',
      'After=network-online.target time-sync.target lxcfs.service',
      `RequiresMountsFor=${needs}`,
      // It tries for ever: there may be nobody to start it by hand.
      'StartLimitIntervalSec=0',
    ]),
    section('Service', [
      'Type=notify',
      'NotifyAccess=all',
      `ExecStart=${[parts.engine, ...parts.arguments].map(wordText).join(' ')}`,
      'ExecReload=/bin/kill -HUP $MAINPID',
      'KillMode=process',
      'Delegate=yes',
      'Restart=always',
      'RestartSec=5',
      'TimeoutStartSec=infinity',
      'TimeoutStopSec=30',
      'Environment=HOME=/root',
      'EnvironmentFile=-/etc/default/reconcile',
      'OOMScoreAdjust=-900',
      ...(filesMax === undefined ? [] : [`LimitNOFILE=${Math.min(filesMax, FILES_MAX)}`]),
    ]),
    section('Install', ['WantedBy=multi-user.target']),
  ].join('\n')
}

/** systemd.service(5): `%` and `$` stand for something; quotes keep a word together. */
export function wordText(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** In a list of paths no variable is looked for. */
function pathText(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  return /\s/.test(path) ? `"${escaped}"` : escaped
}

function plain(text: string): string {
  return text.replaceAll('%', '%%').replaceAll(/\s+/g, ' ')
}

/** The host's usual root has the usual name; another one's unit is told apart by its id. */
export function unitName(root: string, rootId: string): string {
  return root === '/var/lib/reconcile' ? 'reconcile.service' : `reconcile-${rootId}.service`
}
