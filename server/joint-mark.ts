/** How a request whose rows go to several splits is whole or not there at all. Its parts, a
 *  frame in each of the splits, carry one mark: the request's number and how many parts there
 *  are. Only one such request of a stream is under way at a time, and its splits take nothing
 *  else meanwhile; so after a crash only the last one can be incomplete, and its parts are the
 *  last frames of their splits: they are taken back. */

import type { Disk } from '../engine/base/disk.ts'
import { LogReader } from '../engine/log/reader.ts'
import { JOINT_FLAG } from '../engine/source/stream-frame.ts'

/** Stands in a frame as its watermark: number * 2048 + parts. With 0 parts it is no request, but
 *  says that the one of this number is complete. */
export type JointMark = number

const PARTS_MAX = 2048

export const jointMark = (id: number, parts: number): JointMark => id * PARTS_MAX + parts

export const jointId = (mark: JointMark): number => Math.floor(mark / PARTS_MAX)
const partsOf = (mark: JointMark): number => mark % PARTS_MAX

/** A split as it is found at a start. */
export interface FoundSplit {
  readonly folder: string
  readonly first: number
  readonly end: number
  /** It took its end mark. */
  readonly ended: boolean
}

interface LastFrame {
  readonly first: number
  readonly mark: JointMark
  readonly isJoint: boolean
}

export interface Settled {
  /** The number of the last request. */
  readonly lastId: number
  /** By split: where the part of an incomplete request begins; undefined: the split is as it should
   *  be. */
  readonly takeBack: readonly (number | undefined)[]
}

/** What is to be done before a stream of these splits goes on. */
export function settleJoint(disk: Disk, splits: readonly FoundSplit[]): Settled {
  const lasts = splits.map((split) => lastFrame(disk, split))
  const lastId = Math.max(0, ...lasts.map((last) => jointId(last?.mark ?? 0)))
  const isPart = (last: LastFrame | undefined) =>
    last?.isJoint === true && jointId(last.mark) === lastId
  const parts = lasts.filter(isPart)
  const isComplete =
    parts.length === 0 ||
    parts.length === partsOf(parts[0]!.mark) ||
    // Its splits go on, and splits are ended, only when it is complete.
    splits.some(({ ended }) => ended) ||
    lasts.some((last) => last && !last.isJoint && jointId(last.mark) === lastId)
  const takeBack = lasts.map((last) => (!isComplete && isPart(last) ? last!.first : undefined))
  return { lastId, takeBack }
}

function lastFrame(disk: Disk, { folder, first, end }: FoundSplit): LastFrame | undefined {
  if (first === end) return undefined
  const reader = new LogReader(disk, folder)
  try {
    reader.seek(end - 1)
    const frame = reader.next(end)
    if (frame === null) return undefined
    const isJoint = (frame.flags & JOINT_FLAG) !== 0
    return { first: frame.first, mark: frame.watermarkUs, isJoint }
  } finally {
    reader.close()
  }
}
