/** INTERSECT and EXCEPT, with and without ALL.
 *
 *  State: every distinct row with the sum of its weights on either side, until it has had no news
 *  for `stateTtlUs`, or for ever.
 *  Delta: a row with l on the left and r on the right counts min(l, r) in INTERSECT ALL, what is
 *  left of l - r in EXCEPT ALL, and at most 1 without ALL; an epoch tells by how much the count of
 *  each touched row changes. NULLs are equal here. O(rows). */

import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { schemaOf } from '../batch/schema.ts'
import { storageOf, typeName } from '../batch/types.ts'
import { RowTally } from '../state/row-tally.ts'
import type { SetOperationNode } from './nodes.ts'
import { defineOperator, type InputInfo, type Output } from './operator.ts'

/** How often a row with these weights is in the result. */
type CountOf = (left: number, right: number) => number

const COUNTS: Record<SetOperationNode['operator'], { all: CountOf; distinct: CountOf }> = {
  intersect: {
    all: (left, right) => Math.max(0, Math.min(left, right)),
    distinct: (left, right) => Number(left > 0 && right > 0),
  },
  except: {
    all: (left, right) => Math.max(0, left - Math.max(0, right)),
    distinct: (left, right) => Number(left > 0 && right <= 0),
  },
}

export const setOperation = defineOperator<'set-operation', SetOperationNode>({
  kind: 'set-operation',
  inputs: 2,
  check: checkSetOperation,
  schema: ({ fields }) => schemaOf(fields),
  /** A row that both sides have does not leave an intersection of growing sides. */
  appendOnly: ({ operator }, inputs) =>
    operator === 'intersect' && inputs.every((input) => input.appendOnly),
  explain: ({ operator, all }) => `SetOperation: ${operator.toUpperCase()}${all ? ' ALL' : ''}`,
  create({ operator, all, stateTtlUs }, { inputs, schema, batchRowsMax, clock }) {
    const countOf = COUNTS[operator][all ? 'all' : 'distinct']
    const plain = operator === 'intersect' && inputs.every((input) => input.appendOnly)
    const tally = new RowTally(inputs[0].schema, stateTtlUs ? { us: stateTtlUs, clock } : undefined)
    const watermarks: [number, number] = [-Infinity, -Infinity]
    /** Takes rows, each as often as its count changes, and emits them in batches. */
    const teller = (out: Pick<Output, 'emit'>) => {
      const slots = new Int32Array(batchRowsMax)
      const weights = new Int32Array(batchRowsMax)
      let n = 0
      const flush = () => {
        if (n === 0) return
        const rows = tally.rows.view.keep(slots, n)
        out.emit(new Batch(schema, rows.columns, n, plain ? null : weights.slice(0, n)))
        n = 0
      }
      const add = (slot: number, count: number) => {
        let change = count
        // Without weights in the output a row that counts more comes more often.
        const step = plain ? 1 : change
        for (; change !== 0; change -= step) {
          slots[n] = slot
          weights[n++] = step
          if (n === batchRowsMax) flush()
        }
      }
      return { add, flush }
    }
    const tell = (out: Output) => {
      const { add, flush } = teller(out)
      tally.changes((slot, left, right, leftBefore, rightBefore) => {
        add(slot, countOf(left, right) - countOf(leftBefore, rightBefore))
      })
      flush()
    }
    return {
      batch(input, batch) {
        tally.add(input, batch)
      },
      watermark(input, watermarkUs) {
        watermarks[input] = watermarkUs
      },
      epoch(out) {
        tell(out)
        tally.settle()
        const watermarkUs = Math.min(...watermarks)
        if (watermarkUs > -Infinity) out.watermark(watermarkUs)
      },
      dueUs: () => tally.dueUs,
      holdsAll: () => stateTtlUs === undefined,
      tellAll(out) {
        const { add, flush } = teller(out)
        tally.all((slot, left, right) => add(slot, countOf(left, right)))
        flush()
      },
      snapshot() {
        const marks = new Uint8Array(Float64Array.from(watermarks).buffer)
        return [{ name: 'watermarks', version: clock.epoch, bytes: marks }, ...tally.snapshot()]
      },
      restore(sections) {
        const marks = sections.find((section) => section.name === 'watermarks')
        if (marks === undefined) return
        const [left, right] = new Float64Array(marks.bytes.slice().buffer)
        watermarks[0] = left
        watermarks[1] = right
        tally.restore(sections)
      },
      stateSize: () => ({ rows: tally.rows.live, bytes: tally.bytes }),
    }
  },
})

function checkSetOperation(
  { operator }: SetOperationNode,
  [left, right]: readonly InputInfo[],
): void {
  const name = operator.toUpperCase()
  if (left.schema.fields.length !== right.schema.fields.length) {
    fail('TYPE_MISMATCH', `${name} of inputs with different numbers of columns`)
  }
  left.schema.fields.forEach(({ type }, i) => {
    const other = right.schema.fields[i].type
    if (type.kind === other.kind && storageOf(type) === storageOf(other)) return
    const types = `${typeName(type)} and ${typeName(other)}`
    fail('TYPE_MISMATCH', `${name} of inputs whose column ${i + 1} differs: ${types}`)
  })
}
