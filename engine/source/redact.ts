/** `https://user:token@host/x` without what stands before the last `@` of the host, wherever it occurs in a text. */
export function redactUrls(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)([^\s/]+)@/gi, (all, scheme: string, user: string) => {
    // `ssh://git@host` names an account, not a secret.
    return /^(ssh|git\+ssh):/i.test(scheme) && !user.includes(':') ? all : `${scheme}***@`
  })
}
