/** A partition's name as a split. */

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

export const splitOf = ({ topic, partition }: PartitionName): string => `${topic}-${partition}`

export function partitionOf(split: string): PartitionName {
  const cut = split.lastIndexOf('-')
  return { topic: split.slice(0, cut), partition: Number(split.slice(cut + 1)) }
}
