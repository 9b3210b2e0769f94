/** Which partition a message goes to: that of Kafka's own clients, so that a key's messages stay
 *  together whoever writes them. */

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** A number whose remainder by the count of partitions is the partition of the key. (MurmurHash2 by
 *  Austin Appleby, without the sign.) */
export function keyHash(key: Uint8Array): number {
  const { length } = key
  let h = SEED ^ length
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = key[i] | (key[i + 1] << 8) | (key[i + 2] << 16) | (key[i + 3] << 24)
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ Math.imul(k ^ (k >>> 24), M)
  }
  const rest = length & 3
  if (rest > 2) h ^= key[whole + 2] << 16
  if (rest > 1) h ^= key[whole + 1] << 8
  if (rest > 0) h = Math.imul(h ^ key[whole], M)
  h = Math.imul(h ^ (h >>> 13), M)
  return (h ^ (h >>> 15)) & 0x7fffffff
}

/** By a table's `sink.partitioner`; the result is taken modulo the number of partitions. */
export function partitioner(kind: string | undefined): (key: Uint8Array | undefined) => number {
  let turn = 0
  const next = () => {
    turn = (turn + 1) & 0x7fffffff
    return turn
  }
  switch (kind) {
    case 'fixed':
      return () => 0
    case 'round-robin':
      return next
    default:
      return (key) => (key === undefined ? next() : keyHash(key))
  }
}
