/** What stands before a point of P-256 in a SubjectPublicKeyInfo (RFC 5480): two identifiers and a bit string's head, always the same. */
const HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** `point` is the 65 bytes of the uncompressed form. */
export function p256PublicKey(point: Uint8Array): Buffer {
  return Buffer.concat([HEAD, point])
}
