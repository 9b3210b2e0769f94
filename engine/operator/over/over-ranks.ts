/** ROW_NUMBER, RANK, DENSE_RANK, PERCENT_RANK, CUME_DIST and NTILE. */

import { allocate, Column } from '../../batch/column.ts'
import { type DataType, storageOf } from '../../batch/types.ts'
import type { OverCall } from '../nodes.ts'
import { constantOf } from './over-constants.ts'
import type { OverFunction } from './over-function.ts'
import type { Evaluation, Frames, Stretch } from './over-stretch.ts'

/** The answer for row i of a stretch. */
type RowRank = (i: number, stretch: Stretch, peers: Frames) => number

export function overRank(call: OverCall): OverFunction {
  const { name, type } = call
  if (name === 'DENSE_RANK') return (evaluation) => numbers(type, denseRanks(evaluation))
  const rank = name === 'NTILE' ? tile(constantOf(call, 0)) : RANKS[name]
  return (evaluation) => {
    const values = new Float64Array(evaluation.targets.length)
    const peers = name === 'ROW_NUMBER' || name === 'NTILE' ? NO_PEERS : evaluation.peers
    let n = 0
    for (const stretch of evaluation.stretches) {
      for (let i = stretch.from; i < stretch.to; i++) values[n++] = rank(i, stretch, peers)
    }
    return numbers(type, values)
  }
}

const NO_PEERS: Frames = { starts: new Int32Array(0), ends: new Int32Array(0) }

/** The position of row i in its partition, from 0. */
const positionOf = (i: number, { before, first }: Stretch): number => before + i - first

/** Rows of the partition, which the stretch has to its end. */
const sizeOf = ({ before, first, end }: Stretch): number => before + end - first

const RANKS: Readonly<Record<string, RowRank>> = {
  ROW_NUMBER: (i, stretch) => positionOf(i, stretch) + 1,
  RANK: (i, stretch, { starts }) => positionOf(starts[i], stretch) + 1,
  PERCENT_RANK(i, stretch, { starts }) {
    const others = sizeOf(stretch) - 1
    return others === 0 ? 0 : positionOf(starts[i], stretch) / others
  },
  CUME_DIST: (i, stretch, { ends }) => positionOf(ends[i], stretch) / sizeOf(stretch),
}

/** The first `size % count` tiles have one row more than the others. */
const tile =
  (count: number): RowRank =>
  (i, stretch) => {
    const [position, size] = [positionOf(i, stretch), sizeOf(stretch)]
    const small = Math.floor(size / count)
    const large = size % count
    const inLarge = large * (small + 1)
    if (position < inLarge) return Math.floor(position / (small + 1)) + 1
    return large + Math.floor((position - inLarge) / small) + 1
  }

function denseRanks({ stretches, peers, targets }: Evaluation): Float64Array {
  const values = new Float64Array(targets.length)
  let n = 0
  for (const { first, from, to, ranksBefore } of stretches) {
    let rank = ranksBefore
    for (let i = first; i < to; i++) {
      if (peers.starts[i] === i) rank++
      if (i >= from) values[n++] = rank
    }
  }
  return values
}

function numbers(type: DataType, numbers: Float64Array): Column {
  const values = allocate(type, numbers.length)
  if (storageOf(type) === 'i64') {
    numbers.forEach((value, i) => {
      ;(values as BigInt64Array)[i] = BigInt(value)
    })
  } else (values as Float64Array).set(numbers)
  return new Column({ type, length: numbers.length, values })
}
