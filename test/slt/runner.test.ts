/** The runner itself: a file that expects the wrong thing fails, in every mode and for every kind of
 *  record. */

import { describe, expect, it } from 'vitest'
import { runFile } from './runner/run.ts'
import { blessed, MODES, type Mode, parseFile } from './runner/slt-file.ts'

const HEAD = `# name: test/slt/x.slt
# description: x
# group: [x]
`
const TABLE = `
statement ok
CREATE TABLE t (id INT NOT NULL, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)

push t
1 10 2024-01-01T00:00:00
2 NULL 2024-01-01T00:01:00
`

const run = (text: string, mode: Mode, bless = false, oracle = false) => {
  const file = parseFile('x.slt', `${HEAD}${oracle ? '# oracle duckdb\n' : ''}${TABLE}\n${text}`)
  const options = { mode, seed: 5, restartPercent: 50, bless }
  return { file, outcome: runFile(file, options) }
}

const problemsOf = async (text: string, mode: Mode, oracle = false): Promise<string> =>
  (await run(text, mode, false, oracle).outcome).problems.join('\n')

const RIGHT = `query INT, INT
SELECT id, v FROM t
----
1 10
2 NULL

statement error UNKNOWN_COLUMN
SELECT x FROM t

continuous c
SELECT id FROM t

changes c
----
+ 1
+ 2

late c 0

state c running
`

/** What is wrong, and what is said of it. */
const WRONG: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['a value', 'query INT\nSELECT id FROM t\n----\n1\n3', /expected\n1\n3\n-- found\n1\n2/],
  ['a missing row', 'query INT\nSELECT id FROM t\n----\n1', /expected/],
  ['a type', 'query BIGINT\nSELECT id FROM t\n----\n1\n2', /the types are INT/],
  ['an order', 'query INT nosort\nSELECT id FROM t ORDER BY id DESC\n----\n1\n2', /expected/],
  ['a code', 'statement error SYNTAX\nSELECT x FROM t', /the code SYNTAX was expected/],
  ['an error', 'statement error SYNTAX\nSELECT id FROM t', /no error/],
  [
    'a caret',
    'statement error UNKNOWN_COLUMN\nSELECT x FROM t\n----\nerror: There is no column x',
    /expected/,
  ],
  ['a statement', 'statement ok\nCREATE TABLE t (id INT)', /DUPLICATE_NAME/],
  ['a message', 'statement ok\nCREATE TABLE u (id INT)\n----\nTable v created', /expected/],
  ['a change', 'continuous c\nSELECT id FROM t\n\nchanges c\n----\n+ 1', /expected/],
  ['a state', 'continuous c\nSELECT id FROM t\n\nstate c ended', /found running/],
  ['a watermark', 'continuous c\nSELECT id FROM t\n\nwatermark c none', /found 2024/],
  ['a bug that is none', 'bug x\nquery INT\nSELECT id FROM t\n----\n1\n2', /the bug is gone/],
]

describe.each(MODES)('%s', (mode) => {
  it('has nothing to say of what is right', async () => {
    expect(await problemsOf(RIGHT, mode)).toBe('')
  })

  it.each(WRONG)('finds %s', async (what, text, says) => {
    const isBug = what.startsWith('a bug')
    expect(await problemsOf(text, mode)).toMatch(isBug && mode !== 'bounded' ? /^$/ : says)
  })
})

it('asks DuckDB', async () => {
  const other = 'query INT\nSELECT id FROM t\nduckdb\nSELECT id + 1 FROM t\n----\n1\n2'
  expect(await problemsOf(other, 'bounded', true)).toMatch(/DuckDB answers\n2\n3/)
  expect(await problemsOf(RIGHT, 'bounded', true)).toBe('')
})

it('compares the continuous form with the bounded one', async () => {
  // The outer window sees what the inner one has closed, and the last is not closed yet.
  const minute = "INTERVAL '1' MINUTE"
  const cascade = `query BIGINT
SELECT SUM(n) AS n FROM (SELECT TUMBLE_ROWTIME(ts, ${minute}) AS rt, COUNT(*) AS n FROM t GROUP BY TUMBLE(ts, ${minute})) AS w GROUP BY TUMBLE(rt, ${minute})
----
1
1`
  expect(await problemsOf(cascade, 'bounded')).toBe('')
  expect(await problemsOf(cascade, 'continuous')).toMatch(/EMIT CHANGES is running; expected\n1\n1/)
  expect(await problemsOf(`only final\n${cascade}`, 'continuous')).toBe('')
  expect(await problemsOf(`bug twin x\n${cascade}`, 'continuous')).toBe('')
})

it('fills in what it finds', async () => {
  const { file, outcome } = run(
    'query ?\nSELECT id FROM t\n\nstatement error ?\nSELECT x FROM t',
    'bounded',
    true,
  )
  const { blessings } = await outcome
  const text = blessed(file.text, blessings)
  expect(text).toContain(
    'query INT\nSELECT id FROM t\n----\n1\n2\n\nstatement error UNKNOWN_COLUMN\n',
  )
  expect(text).toMatch(/There is no column x.*\n.*\n.*\^/)
})

it.each([
  ['a record that is none', 'jump t'],
  ['a mode that is none', 'skipif never\nquery INT\nSELECT 1'],
  ['a step of time that is none', 'clock + 5 y'],
])('refuses %s with its line', (_, text) => {
  expect(() => parseFile('x.slt', `${HEAD}\n${text}\n`)).toThrow(/x\.slt:5: /)
})

it('refuses a file without its header', () => {
  expect(() => parseFile('x.slt', 'query INT\nSELECT 1\n')).toThrow(/header/)
})
