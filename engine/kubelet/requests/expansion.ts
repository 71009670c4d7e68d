const NAME = /\$(?:\$|\(([^)]*)\))/g

/**
 * `$(VAR)` becomes the variable's value, `$$` a dollar sign, so that `$$(VAR)` stays `$(VAR)`; a variable that is not known, and a `$(`
 * that is never closed, stay as they are. https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#envvar-v1-core
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  if (!text.includes('$')) return text
  return text.replaceAll(NAME, (found: string, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? found),
  )
}
