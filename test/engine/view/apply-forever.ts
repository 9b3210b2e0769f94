/** A process to kill: applies results to two views without end and prints each seq when it is
 *  applied to both. */

import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { encodeBatch } from '../../../engine/batch/ipc.ts'
import { ViewStore } from '../../../engine/view/view.ts'
import { FOREVER } from './forever.ts'

const store = await ViewStore.open({
  path: process.argv[2],
  memoryBytesMax: 256 << 20,
  threads: 1,
})
await store.create({ id: 'm1', schema: FOREVER, appendOnly: true })
await store.create({ id: 'm2', schema: FOREVER, appendOnly: false, key: [0] })
const first = Math.min(await store.appliedSeq('m1'), await store.appliedSeq('m2')) + 1
for (let seq = first; ; seq++) {
  const builder = new BatchBuilder(FOREVER)
  for (let i = 0; i < 100; i++) builder.append([seq])
  await store.apply('m1', [{ seq, payload: encodeBatch(builder.finish()) }])
  builder.append([seq])
  await store.apply('m2', [{ seq, payload: encodeBatch(builder.finish()) }])
  process.stdout.write(`${seq}\n`)
}
