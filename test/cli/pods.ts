export const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: "busybox:1.36"}]
`

export const MISSPELT = POD.replace('image:', 'imgae:')
