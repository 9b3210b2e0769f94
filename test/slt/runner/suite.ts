/** Every .slt file as vitest tests, in some of the modes. MILLRACE_SLT_LONG=1: restarts after every
 *  step, and several seeds; MILLRACE_SLT=text: only files whose path has the text in it;
 *  MILLRACE_BLESS=1 writes what is found into the files, to be read before it is committed. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seedOf } from '../../seed.ts'
import { runFile } from './run.ts'
import { blessed, type Mode, parseFile } from './slt-file.ts'

const FOLDER = `${import.meta.dirname}/..`
const bless = process.env.MILLRACE_BLESS === '1'
const long = process.env.MILLRACE_SLT_LONG === '1'
const only = process.env.MILLRACE_SLT ?? ''

/** One step in seven, in the short form; then after every step, and after many. */
const restartPercents = long ? [100, 40, 40] : [15]

/** Declares the tests. */
export function suite(modes: readonly Mode[]): void {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.slt') && path.includes(only))
    .sort()
  describe.each(files)('%s', (path) => {
    const file = parseFile(path, readFileSync(`${FOLDER}/${path}`, 'utf8'))
    const wanted = bless ? (['bounded'] as const) : file.modes
    for (const mode of wanted.filter((each) => modes.includes(each))) {
      const rounds = mode === 'restart' ? restartPercents : [0]
      it.each(rounds.entries().toArray())(`${mode} %i`, async (round, restartPercent) => {
        const seed = seedOf(`${path} ${mode}`) + round
        const { problems, blessings } = await runFile(file, { mode, seed, restartPercent, bless })
        if (blessings.length > 0) {
          writeFileSync(`${FOLDER}/${path}`, blessed(file.text, blessings))
        }
        expect(problems.join('\n\n'), `seed ${seed}`).toBe('')
      })
    }
  })
}
