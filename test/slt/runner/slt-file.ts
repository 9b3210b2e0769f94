/** The form of an .slt file: a header, then records separated by empty lines. test/slt/README.md
 *  describes it for people. */

export type Mode = 'bounded' | 'continuous' | 'batch1' | 'restart'
export const MODES: readonly Mode[] = ['bounded', 'continuous', 'batch1', 'restart']

export interface SltFile {
  readonly path: string
  readonly text: string
  readonly group: string
  /** Expected rows are also compared with DuckDB's. */
  readonly oracle: boolean
  readonly modes: readonly Mode[]
  readonly records: readonly Rec[]
}

/** Where a record stands in the text: for messages and for blessing. Lines count from 0. */
interface Place {
  readonly line: number
  /** The record's lines end before this one. */
  readonly end: number
  /** The line that says what the record is. */
  readonly head: number
  readonly flags: ReadonlySet<string>
  /** A known bug keeps the record from holding: in every mode, or only for its continuous forms. */
  readonly bug: 'all' | 'twin' | undefined
}

/** The lines after `----`; undefined if there is no such line. */
interface Expecting {
  readonly expected: readonly string[] | undefined
}

export type Rec = Place &
  (
    | ({ readonly kind: 'statement-ok'; readonly sql: string } & Expecting)
    | ({
        readonly kind: 'statement-error'
        readonly code: string
        readonly sql: string
      } & Expecting)
    | ({
        readonly kind: 'query'
        /** undefined: to be blessed. */
        readonly types: readonly string[] | undefined
        /** Order matters. */
        readonly ordered: boolean
        /** One text value, compared line by line. */
        readonly plain: boolean
        readonly sql: string
        /** The same question in DuckDB's words, where those are others. */
        readonly duckdb: string
      } & Expecting)
    | {
        readonly kind: 'push'
        readonly stream: string
        readonly split: number | undefined
        readonly rows: readonly string[]
      }
    | { readonly kind: 'end'; readonly stream: string }
    | { readonly kind: 'continuous'; readonly name: string; readonly sql: string }
    | ({ readonly kind: 'changes'; readonly name: string } & Expecting)
    | {
        readonly kind: 'watermark' | 'late' | 'state'
        readonly name: string
        readonly text: string
      }
    | { readonly kind: 'clock'; readonly forwardUs: number }
    | { readonly kind: 'checkpoint' | 'restart' | 'kill' }
  )

export type RecOf<Kind extends Rec['kind']> = Rec & { readonly kind: Kind }

const FLAG = /^(skipif|onlyif|only) (\w+)$/
const FLAGS = ['oracle', 'final', ...MODES]

/** Raises an Error that names the line of what is not understood. */
export function parseFile(path: string, text: string): SltFile {
  const lines = text.split('\n')
  const group = /^# group: \[(\w+)\]$/m.exec(text)?.[1]
  if (!lines[0].startsWith('# name: ') || !lines[1]?.startsWith('# description: ') || !group) {
    throw new Error(`${path}: the header must be # name, # description, # group: [word]`)
  }
  const records: Rec[] = []
  for (let at = 0; at < lines.length; ) {
    if (lines[at] === '' || lines[at].startsWith('#')) {
      at++
      continue
    }
    const line = at
    while (at < lines.length && lines[at] !== '') at++
    try {
      records.push(parseRecord(lines, line, at))
    } catch (error) {
      throw new Error(`${path}:${line + 1}: ${(error as Error).message}`)
    }
  }
  const modes = /^# modes (.+)$/m.exec(text)?.[1].split(' ') ?? MODES
  if (modes.some((mode) => !MODES.includes(mode as Mode))) throw new Error(`${path}: # modes`)
  const names = modes as readonly Mode[]
  return { path, text, group, modes: names, oracle: /^# oracle duckdb$/m.test(text), records }
}

function parseRecord(lines: readonly string[], line: number, end: number): Rec {
  const flags = new Set<string>()
  let head = line
  let bug: 'all' | 'twin' | undefined
  for (; ; head++) {
    const flag = FLAG.exec(lines[head])
    if (lines[head].startsWith('bug ')) bug = lines[head].startsWith('bug twin ') ? 'twin' : 'all'
    else if (flag === null) break
    else for (const name of flagsOf(flag[1], flag[2])) flags.add(name)
  }
  const place = { line, end, head, flags, bug }
  const [word, ...rest] = lines[head].split(' ')
  const body = lines.slice(head + 1, end)
  const dashes = body.indexOf('----')
  const expected = dashes < 0 ? undefined : body.slice(dashes + 1)
  const sql = (dashes < 0 ? body : body.slice(0, dashes)).join('\n')
  switch (word) {
    case 'statement':
      if (rest[0] === 'ok') return { ...place, kind: 'statement-ok', sql, expected }
      if (rest[0] !== 'error') throw new Error('statement ok, or statement error CODE')
      return { ...place, kind: 'statement-error', code: rest[1] ?? '?', sql, expected }
    case 'query': {
      const ordered = rest.at(-1) === 'nosort'
      const text = rest.filter((w) => w !== 'nosort' && w !== 'rowsort').join(' ')
      const plain = text === 'plain'
      const types = text === '' || text === '?' || plain ? undefined : splitTypes(text)
      const [ours, duckdb = ours] = sql.split('\nduckdb\n')
      return { ...place, kind: 'query', types, ordered, plain, sql: ours, duckdb, expected }
    }
    case 'push': {
      const split = rest[1] === 'split' ? Number(rest[2]) : undefined
      return { ...place, kind: 'push', stream: rest[0], split, rows: body }
    }
    case 'end':
      return { ...place, kind: 'end', stream: rest[0] }
    case 'continuous':
      return { ...place, kind: 'continuous', name: rest[0], sql }
    case 'changes':
      return { ...place, kind: 'changes', name: rest[0], expected }
    case 'watermark':
    case 'late':
    case 'state':
      return { ...place, kind: word, name: rest[0], text: rest.slice(1).join(' ') }
    case 'clock':
      return { ...place, kind: 'clock', forwardUs: microseconds(rest) }
    case 'checkpoint':
    case 'restart':
    case 'kill':
      return { ...place, kind: word }
    default:
      throw new Error(`there is no record '${word}'`)
  }
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1e3,
  s: 1e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
}

function flagsOf(verb: string, what: string): readonly string[] {
  if (!FLAGS.includes(what)) throw new Error(`there is no mode ${what}`)
  if (verb === 'skipif') return [what]
  if (verb === 'onlyif') return MODES.filter((other) => other !== what)
  return [what === 'bounded' ? 'twin' : what]
}

/** `+ 5 s` */
function microseconds([plus, count, unit]: readonly string[]): number {
  const us = Number(count) * UNITS[unit]
  if (plus !== '+' || !Number.isSafeInteger(us)) throw new Error('clock + 5 s')
  return us
}

/** At the commas that are in no brackets. */
function splitTypes(text: string): string[] {
  const types = ['']
  let depth = 0
  for (const char of text) {
    if ('(<'.includes(char)) depth++
    if (')>'.includes(char)) depth--
    if (char === ',' && depth === 0) types.push('')
    else types[types.length - 1] += char
  }
  return types.map((type) => type.trim())
}

export interface Blessing {
  readonly record: Rec
  /** The new line that says what the record is. */
  readonly head?: string | undefined
  /** undefined: there is no block of expected lines. */
  readonly expected?: readonly string[] | undefined
}

/** The text with what was found in the place of what was expected. */
export function blessed(text: string, blessings: readonly Blessing[]): string {
  const lines = text.split('\n')
  for (const { record, head, expected } of [...blessings].sort(
    (a, b) => b.record.line - a.record.line,
  )) {
    const dashes = lines.indexOf('----', record.head)
    const from = dashes < 0 || dashes >= record.end ? record.end : dashes
    if (expected !== undefined) lines.splice(from, record.end - from, '----', ...expected)
    if (head !== undefined) lines[record.head] = head
  }
  return lines.join('\n')
}
