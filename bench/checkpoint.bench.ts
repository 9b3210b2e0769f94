/** What checkpoints cost: Nexmark's q5 and q4 over the same events, with a checkpoint every second
 *  and without any, by turns in one run. */

import { type NexmarkRun, planNexmark, runNexmark } from './nexmark/run-query.ts'
import { nexmarkQuery } from './nexmark/tables.ts'
import { ratio, say, shortCount, type Topic } from './topic.ts'

/** q5: windows that hop. q4: a join with all auctions in state, and averages that change. */
const QUERIES = [5, 4]
const EVENTS = {
  events: Number(process.env.MILLRACE_NEXMARK_EVENTS ?? 10_000_000),
  eventsPerSecond: 100_000,
}
/** Odd, so that there is one in the middle. */
const PAIRS = Number(process.env.MILLRACE_BENCH_PAIRS ?? 5)
const EVERY_MS = 1000
const NEVER_MS = 86_400_000

export const checkpoint: Topic = {
  name: 'checkpoint',
  title: 'Checkpoints: throughput with one a second beside none',
  async run() {
    const rows: string[][] = []
    for (const n of QUERIES) rows.push(await rowOf(n))
    return {
      notes: [
        `${shortCount(EVENTS.events)} generated events; durability sync; with and without by turns, ${PAIRS} pairs after one run to warm up.`,
        'The ratio is the one in the middle of those of the pairs; rates are those of the pair that it is of.',
        'CPU is the same ratio of processor time, which other work on the machine disturbs less.',
        'Bytes are those that the largest checkpoint wrote.',
      ],
      header: [
        'query',
        'events/s without',
        'events/s, 1 s',
        'ratio',
        'of all pairs',
        'CPU',
        'checkpoints',
        'bytes',
      ],
      rows,
    }
  },
}

interface Pair {
  readonly without: NexmarkRun
  readonly every: NexmarkRun
  readonly ratio: number
}

async function rowOf(n: number): Promise<string[]> {
  const { title } = nexmarkQuery(n)
  await measure(n, NEVER_MS)
  const pairs: Pair[] = []
  for (let i = 0; i < PAIRS; i++) pairs.push(await pairOf(n, i % 2 === 0))
  const sorted = pairs.toSorted((a, b) => a.ratio - b.ratio)
  const middle = sorted[PAIRS >> 1]
  const cpu = pairs
    .map(({ without, every }) => without.cpuMs / every.cpuMs)
    .toSorted((a, b) => a - b)
  const rate = ({ elapsedMs }: NexmarkRun) => shortCount((EVENTS.events * 1000) / elapsedMs)
  say(
    `q${n}: ${rate(middle.without)}/s without, ${rate(middle.every)}/s with, ${sorted.map((pair) => ratio(pair.ratio, 1)).join(' ')}`,
  )
  return [
    `q${n} ${title}`,
    rate(middle.without),
    rate(middle.every),
    ratio(middle.ratio, 1),
    `${ratio(sorted[0].ratio, 1)} to ${ratio(sorted[PAIRS - 1].ratio, 1)}`,
    ratio(cpu[PAIRS >> 1], 1),
    String(middle.every.checkpoints.length),
    shortCount(Math.max(...middle.every.checkpoints)),
  ]
}

/** Which of the two comes first changes: whatever goes on beside them meets both. */
async function pairOf(n: number, isFirstWithout: boolean): Promise<Pair> {
  const first = await measure(n, isFirstWithout ? NEVER_MS : EVERY_MS)
  const second = await measure(n, isFirstWithout ? EVERY_MS : NEVER_MS)
  const [without, every] = isFirstWithout ? [first, second] : [second, first]
  return { without, every, ratio: without.elapsedMs / every.elapsedMs }
}

const measure = (n: number, checkpointIntervalMs: number): Promise<NexmarkRun> =>
  runNexmark(planNexmark(nexmarkQuery(n).sql, EVENTS), () => {}, {
    checkpointIntervalMs,
    durability: 'sync',
  })
