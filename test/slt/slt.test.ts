/** Every .slt file in every mode. MILLRACE_SLT_LONG=1: restarts after every step and several seeds;
 *  MILLRACE_SLT=text: only files whose path has the text in it; MILLRACE_BLESS=1 writes what is found
 *  into the files, which must be read before they are committed. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seedOf } from '../seed.ts'
import { runFile } from './runner/run.ts'
import { blessed, type Mode, parseFile } from './runner/slt-file.ts'

const FOLDER = import.meta.dirname
const bless = process.env.MILLRACE_BLESS === '1'
const long = process.env.MILLRACE_SLT_LONG === '1'
const only = process.env.MILLRACE_SLT ?? ''

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.slt') && path.includes(only))
  .sort()

const seedsOf = (path: string, mode: Mode): number[] => {
  const first = seedOf(`${path} ${mode}`)
  return long && mode === 'restart' ? [first, first + 1, first + 2] : [first]
}

describe.each(files)('%s', (path) => {
  const file = parseFile(path, readFileSync(`${FOLDER}/${path}`, 'utf8'))

  it.each(bless ? (['bounded'] as const) : file.modes)('%s', async (mode) => {
    for (const [i, seed] of seedsOf(path, mode).entries()) {
      const restartPercent = !long ? 15 : i === 0 ? 100 : 40
      const { problems, blessings } = await runFile(file, { mode, seed, restartPercent, bless })
      if (blessings.length > 0) {
        writeFileSync(`${FOLDER}/${path}`, blessed(file.text, blessings))
      }
      expect(problems.join('\n\n'), `seed ${seed}`).toBe('')
    }
  })
})
