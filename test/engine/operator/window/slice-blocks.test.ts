/** Windows of many slices, which are merged in blocks: the same as adding every row to each of its
 *  windows, with rows that are late for some of them, and restarts. */

import { expect, test } from 'vitest'
import { random } from '../../../../engine/base/random.ts'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { AlignedSpec, WindowAggregateNode } from '../../../../engine/operator/nodes.ts'
import { layoutOf } from '../../../../engine/operator/window/window-layout.ts'
import { seedOf } from '../../../seed.ts'
import { columnOf, drive, fields } from '../run.ts'

const CASES = process.env.MILLRACE_LONG === '1' ? 400 : 12
const SECOND = 1_000_000
const input = fields({ ts: TIMESTAMP, k: VARCHAR, v: BIGINT })
const textOf = (second: number) => new Date(second * 1000).toISOString().slice(0, 23)

const WINDOWS: readonly AlignedSpec[] = [
  { kind: 'hop', slideUs: SECOND, sizeUs: 40 * SECOND, offsetUs: 0 },
  { kind: 'hop', slideUs: 6 * SECOND, sizeUs: 45 * SECOND, offsetUs: 7 * SECOND },
  { kind: 'hop', slideUs: 2 * SECOND, sizeUs: 26 * SECOND, offsetUs: -SECOND },
  { kind: 'cumulate', stepUs: SECOND, sizeUs: 30 * SECOND, offsetUs: 0 },
  { kind: 'cumulate', stepUs: 2 * SECOND, sizeUs: 60 * SECOND, offsetUs: 3 * SECOND },
]

test.each(WINDOWS)('$kind, $sizeUs', (window) => {
  const layout = layoutOf(window)
  const node: WindowAggregateNode = {
    ...{ window, timeColumn: 0, keys: [columnOf(input, 'k')], emit: { kind: 'close' } },
    aggregates: [{ name: 'SUM', args: [columnOf(input, 'v')], distinct: false, type: BIGINT }],
    windowColumns: ['window_end'],
    fields: fields({ k: VARCHAR, s: BIGINT, window_end: TIMESTAMP }),
  }
  const first = seedOf(`blocks ${JSON.stringify(window)}`)
  for (let seed = first; seed < first + CASES; seed++) {
    const r = random(seed)
    let op = drive('window-aggregate', node, input)
    const sums = new Map<string, number>()
    const said: string[] = []
    let [now, watermark] = [100, -Infinity]
    for (let step = 0; step < 60; step++) {
      const rows: string[] = []
      const marks: number[] = []
      for (let n = r.below(6); n > 0; n--) {
        const second = now - r.below(70)
        const k = 'abc'[r.below(3)]
        const v = r.below(100)
        // A split's watermark may be ahead of all, or (idle) behind.
        const mark = (now - 30 - r.below(40)) * SECOND
        rows.push(`${textOf(second)} ${k} ${v}`)
        marks.push(mark)
        const { sliceUs, offsetUs } = layout
        const slice = Math.floor((second * SECOND - offsetUs) / sliceUs) * sliceUs + offsetUs
        for (const end of layout.ends(slice)) {
          if (end <= watermark || end <= mark) continue
          const key = `${k} ${end / SECOND}`
          sums.set(key, (sums.get(key) ?? 0) + v)
        }
      }
      if (rows.length > 0) said.push(op.batch(rows.join('\n'), marks))
      now += r.below(4)
      if (r.below(3) > 0) {
        watermark = Math.max(watermark, (now - 30 - r.below(30)) * SECOND)
        said.push(op.watermark(watermark))
      }
      if (r.below(10) === 0) op = op.restarted()
    }
    said.push(op.watermark(Infinity))
    const found = said.flatMap((text) => text.split('\n')).filter((line) => line !== '')
    const expected = [...sums].map(([key, sum]) => {
      const [k, end] = key.split(' ')
      return `${k} ${sum} ${textOf(Number(end))}`
    })
    expect(found.sort(), `seed ${seed}`).toEqual(expected.sort())
  }
})
