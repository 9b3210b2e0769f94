/** A weighted batch as the rows of a `changes` event. Ops exist only here, at the edge; inside, a
 *  change is a weight. */

import type { Batch } from '../../engine/batch/batch.ts'
import { jsonRowTexts, textOf } from '../../engine/batch/json-rows.ts'

export type Op = '+I' | '-U' | '+U' | '-D'

/** changelog: every change; an update is its old row (-U) and its new row (+U), side by side.
 *  upsert: per key the row as it is now (+U), or the row that is gone (-D). */
export type ChangeMode = 'changelog' | 'upsert'

/** `{"op":"+I","row":{…}}` */
const changeText = (op: Op, row: string): string => `{"op":"${op}","row":${row}}`

/** The changes of one epoch, each as JSON text. `key`: columns that are unique among the result's
 *  rows. Without one an update cannot be told from a delete and an insert. A row of weight n comes
 *  n times. */
export function changeTexts(
  batch: Batch,
  key: readonly number[] | undefined,
  mode: ChangeMode,
): string[] {
  const rows = jsonRowTexts(batch)
  if (batch.weights === null) {
    const op = mode === 'upsert' ? '+U' : '+I'
    return rows.map((row) => changeText(op, row))
  }
  return key === undefined
    ? plainChanges(rows, batch.weights)
    : keyedChanges(rows, batch, key, mode)
}

function plainChanges(rows: readonly string[], weights: Int32Array): string[] {
  const changes: string[] = []
  rows.forEach((row, i) => {
    const change = changeText(weights[i] > 0 ? '+I' : '-D', row)
    for (let n = Math.abs(weights[i]); n > 0; n--) changes.push(change)
  })
  return changes
}

/** Pairs the old and the new row of each key, in the order in which the keys first appear. */
function keyedChanges(
  rows: readonly string[],
  { columns, weights }: Batch,
  key: readonly number[],
  mode: ChangeMode,
): string[] {
  const keyTexts = key.map((index) => textOf(columns[index]))
  const pairs = new Map<string, { before?: string; after?: string }>()
  rows.forEach((row, i) => {
    const id = keyTexts.map((text) => text(i)).join(',')
    let pair = pairs.get(id)
    if (pair === undefined) pairs.set(id, (pair = {}))
    if (weights === null || weights[i] > 0) pair.after = row
    else pair.before = row
  })
  const changes: string[] = []
  for (const pair of pairs.values()) pushChanges(changes, pair, mode)
  return changes
}

function pushChanges(
  changes: string[],
  { before, after }: { readonly before?: string; readonly after?: string },
  mode: ChangeMode,
): void {
  if (mode === 'upsert') {
    if (after !== undefined) changes.push(changeText('+U', after))
    else if (before !== undefined) changes.push(changeText('-D', before))
    return
  }
  if (before !== undefined) changes.push(changeText(after === undefined ? '-D' : '-U', before))
  if (after !== undefined) changes.push(changeText(before === undefined ? '+I' : '+U', after))
}
