/** Random queries over random tables: every operator, alone and over one another. */

import type { Random } from '../../../engine/base/random.ts'
import {
  type Both,
  columnsOf,
  join,
  listOf,
  numberColumn,
  plainColumns,
  type Relation,
  type RelationColumn,
  randomCondition,
  randomNumber,
  randomText,
  randomValueOf,
  same,
  type Typed,
} from './relation.ts'
import { chance, pick, type RandomTable } from './tables.ts'
import { type RandomWindow, randomAligned, windowCalls, windowName, windowRows } from './windows.ts'

export interface RandomQuery extends Both {
  /** The position of a time attribute. */
  readonly time: number | undefined
}

export function randomQuery(r: Random, tables: readonly RandomTable[]): RandomQuery {
  const maker = new QueryMaker(r, tables)
  const { ours, duckdb, columns, time } = maker.relation(1 + r.below(3))
  const emits = /TUMBLE|HOP|CUMULATE|SESSION/.test(ours) && chance(r, 50)
  const at = columns.findIndex(({ name }) => name === time)
  return { ours: emits ? `${ours} EMIT CHANGES` : ours, duckdb, time: at < 0 ? undefined : at }
}

const all = (relation: Relation): string => relation.columns.map(({ name }) => name).join(', ')

class QueryMaker {
  readonly #r: Random
  readonly #tables: readonly RandomTable[]
  #names = 0

  constructor(r: Random, tables: readonly RandomTable[]) {
    this.#r = r
    this.#tables = tables
  }

  #name(): string {
    return `x${this.#names++}`
  }

  relation(depth: number): Relation {
    if (depth === 0) return this.#scan(this.#tables)
    const makers: readonly ((depth: number) => Relation)[] = [
      this.#filtered,
      this.#projected,
      this.#aggregated,
      this.#aggregated,
      this.#joined,
      this.#joined,
      this.#semi,
      this.#intervalJoined,
      this.#windowAggregated,
      this.#windowAggregated,
      this.#windowAggregated,
      this.#cascaded,
      this.#windowJoined,
      this.#windowRanked,
      this.#ranked,
      this.#ranked,
      this.#over,
      this.#over,
      this.#overTime,
      this.#setOperation,
      this.#distinct,
      this.#limited,
      this.#aging,
      this.#unnested,
      this.#scalar,
      this.#versioned,
      this.#asof,
      this.#matched,
    ]
    return pick(this.#r, makers).call(this, depth - 1)
  }

  #scan(tables: readonly RandomTable[]): Relation {
    const table = pick(this.#r, tables)
    const text = `SELECT ${table.columns.map(({ name }) => name).join(', ')} FROM ${table.name}`
    const where = chance(this.#r, 30) ? randomCondition(this.#r, table) : undefined
    const query = where === undefined ? same(text) : join(`${text} WHERE {0}`, where)
    return {
      ...query,
      columns: table.columns,
      unique: ['id'],
      time: table.timed ? 'ts' : undefined,
      append: table.kind === 'append',
    }
  }

  /** Rows with a time attribute. */
  #timed(depth: number, appendOnly = false): Relation {
    const fits = ({ timed, kind }: RandomTable) => timed && (!appendOnly || kind === 'append')
    if (depth > 0 && chance(this.#r, 40)) {
      const made = pick(this.#r, [this.#intervalJoined, this.#windowAggregated]).call(this, 0)
      if (made.time !== undefined && (made.append || !appendOnly)) return this.#renamed(made)
    }
    return this.#scan(this.#tables.filter(fits))
  }

  /** Without columns that are called like those of a window. */
  #renamed(input: Relation): Relation {
    const names = new Map<string, string>()
    for (const { name } of input.columns) {
      names.set(name, name.startsWith('window_') ? this.#name() : name)
    }
    const text = [...names].map(([name, as]) => `${name} AS ${as}`).join(', ')
    return {
      ...input,
      ...join(`SELECT ${text} FROM ({0}) AS n`, input),
      columns: input.columns.map((column) => ({ ...column, name: names.get(column.name)! })),
      unique: input.unique.map((name) => names.get(name)!),
      time: input.time && names.get(input.time),
      window: undefined,
    }
  }

  #filtered(depth: number): Relation {
    const input = this.relation(depth)
    const condition = randomCondition(this.#r, input)
    const query = join(`SELECT ${all(input)} FROM ({0}) AS f WHERE {1}`, input, condition)
    return { ...input, ...query }
  }

  #projected(depth: number): Relation {
    const input = this.relation(depth)
    const made = [randomNumber(this.#r, input), randomText(this.#r, input)]
    const list = listOf(made.map((expr) => ({ ...expr, as: this.#name() })))
    const query = join(`SELECT ${all(input)}, {1} FROM ({0}) AS p`, input, list.text)
    return { ...input, ...query, columns: [...input.columns, ...list.columns] }
  }

  #aggregates(input: Relation, count = this.#r.below(3)) {
    const calls = Array.from({ length: count }, () => this.#aggregate(input))
    // Whoever is above needs a number.
    if (chance(this.#r, 50)) calls.push({ kind: 'bigint', ...same('COUNT(*)') })
    else calls.push({ kind: 'bigint', ...join('SUM({0})', randomNumber(this.#r, input)) })
    return calls.map((call) => ({ ...call, as: this.#name() }))
  }

  #aggregate(input: Relation): Typed {
    const r = this.#r
    const filter = chance(r, 25) ? randomCondition(r, input) : undefined
    const call = this.#call(input)
    if (filter === undefined) return call
    return { ...call, ...join('{0} FILTER (WHERE {1})', call, filter) }
  }

  #call(input: Relation): Typed {
    const r = this.#r
    const number = randomNumber(r, input)
    const plain = pick(
      r,
      plainColumns(input).filter(({ kind }) => kind !== 'bool'),
    )
    switch (r.below(9)) {
      case 0:
        return { kind: 'bigint', ...same('COUNT(*)') }
      case 1:
        return { kind: 'bigint', ...join('COUNT({0})', number) }
      case 2:
        return { kind: 'bigint', ...join('COUNT(DISTINCT {0})', same(plain.name)) }
      case 3:
        return { kind: 'bigint', ...join('SUM(DISTINCT {0})', number) }
      case 4:
        return { kind: 'double', ...join('AVG(CAST({0} AS DOUBLE))', number) }
      case 5:
        return { kind: plain.kind, ...same(`${pick(r, ['MIN', 'MAX'])}(${plain.name})`) }
      case 6: {
        const text = randomText(r, input)
        const order = `ORDER BY ${input.unique.join(', ')}`
        return {
          kind: 'text',
          ours: `LISTAGG(${text.ours}, ',' ${order})`,
          duckdb: `string_agg(${text.duckdb}, ',' ${order})`,
        }
      }
      default:
        return { kind: 'bigint', ...join('SUM({0})', number) }
    }
  }

  #aggregated(depth: number): Relation {
    const r = this.#r
    const input = this.relation(depth)
    const keys = Array.from({ length: r.below(3) }, () => ({
      ...randomValueOf(r, input),
      as: this.#name(),
    }))
    const calls = this.#aggregates(input)
    const list = listOf([...keys, ...calls])
    const group = this.#groupBy(keys, [])
    const having = chance(r, 20) && keys.length > 0 ? ' HAVING COUNT(*) > 1' : ''
    const query = join(`SELECT {1} FROM ({0}) AS g{2}${having}`, input, list.text, group.text)
    return {
      ...query,
      columns: list.columns,
      unique:
        (group.plain && keys.length > 0 ? keys.map(({ as }) => as) : undefined) ??
        list.columns.map(({ name }) => name),
      append: false,
    }
  }

  /** `bounds`: keys that are in every set. */
  #groupBy(keys: readonly Both[], bounds: readonly string[]): { text: Both; plain: boolean } {
    const r = this.#r
    const whole = [...bounds.map(same), ...keys]
    if (whole.length === 0) return { text: same(''), plain: true }
    const listed = (list: readonly Both[], side: keyof Both) => list.map((k) => k[side]).join(', ')
    if (keys.length === 0 || chance(r, 75)) {
      const text = (side: keyof Both) => ` GROUP BY ${listed(whole, side)}`
      return { text: { ours: text('ours'), duckdb: text('duckdb') }, plain: true }
    }
    const form = pick(r, ['ROLLUP', 'CUBE', 'GROUPING SETS'])
    const text = (side: keyof Both) => {
      const sets =
        form === 'GROUPING SETS'
          ? `${[...keys.map((key) => `(${key[side]})`), '()'].join(', ')}`
          : listed(keys, side)
      return ` GROUP BY ${bounds.map((bound) => `${bound}, `).join('')}${form} (${sets})`
    }
    return { text: { ours: text('ours'), duckdb: text('duckdb') }, plain: false }
  }

  #condition(a: Relation, b: Relation): Both {
    return same(`a.${numberColumn(this.#r, a).name} = b.${numberColumn(this.#r, b).name}`)
  }

  /** Columns of both sides under new names; those that tell rows apart are among them. */
  #pairs(a: Relation, b: Relation, time?: string) {
    const columns: RelationColumn[] = []
    const texts: string[] = []
    const unique: string[] = []
    let timeAs: string | undefined
    for (const [side, relation] of [
      ['a', a],
      ['b', b],
    ] as const) {
      const chosen = relation.columns.filter(
        ({ name }, i) => i < 4 || relation.unique.includes(name) || name === relation.time,
      )
      for (const { name, kind } of chosen) {
        const as = this.#name()
        columns.push({ name: as, kind })
        texts.push(`${side}.${name} AS ${as}`)
        if (relation.unique.includes(name)) unique.push(as)
        if (side === 'a' && name === time) timeAs = as
      }
    }
    return { text: texts.join(', '), columns, unique, time: timeAs }
  }

  #joined(depth: number): Relation {
    const r = this.#r
    const [a, b] = [this.relation(depth), this.relation(0)]
    const kind = pick(r, ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'CROSS JOIN', 'JOIN'])
    const { text, columns, unique } = this.#pairs(a, b)
    const residual = kind !== 'FULL JOIN' && chance(r, 30)
    const more = residual
      ? ` AND a.${numberColumn(r, a).name} < b.${numberColumn(r, b).name} + 5`
      : ''
    const on = kind === 'CROSS JOIN' ? same('') : join(` ON {0}${more}`, this.#condition(a, b))
    const query = join(`SELECT ${text} FROM ({0}) AS a ${kind} ({1}) AS b{2}`, a, b, on)
    const append = a.append && b.append && (kind === 'JOIN' || kind === 'CROSS JOIN')
    return { ...query, columns, unique, append }
  }

  #semi(depth: number): Relation {
    const r = this.#r
    const [a, b] = [this.relation(depth), this.relation(0)]
    const not = chance(r, 50) ? 'NOT ' : ''
    const [x, y] = [numberColumn(r, a).name, numberColumn(r, b).name]
    const where = chance(r, 50)
      ? join(`a.${x} ${not}IN (SELECT ${y} FROM ({0}) AS b)`, b)
      : join(`${not}EXISTS (SELECT 1 FROM ({0}) AS b WHERE b.${y} = a.${x})`, b)
    const query = join(`SELECT ${all(a)} FROM ({0}) AS a WHERE {1}`, a, where)
    return { ...a, ...query, time: undefined, window: undefined, append: false }
  }

  #intervalJoined(_depth: number): Relation {
    const r = this.#r
    const [a, b] = [this.#timed(0), this.#timed(0)]
    const kind = pick(r, ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'JOIN', 'semi', 'anti'])
    const [x, y] = [numberColumn(r, a).name, numberColumn(r, b).name]
    const near = `b.${b.time} BETWEEN a.${a.time} - INTERVAL '${r.below(20)}' SECOND AND a.${a.time} + INTERVAL '${r.below(20)}' SECOND`
    const on = `a.${x} = b.${y} AND ${near}`
    if (kind === 'semi' || kind === 'anti') {
      const not = kind === 'anti' ? 'NOT ' : ''
      const where = join(`${not}EXISTS (SELECT 1 FROM ({0}) AS b WHERE ${on})`, b)
      const query = join(`SELECT ${all(a)} FROM ({0}) AS a WHERE {1}`, a, where)
      return { ...a, ...query, append: a.append && b.append }
    }
    const { text, columns, unique, time } = this.#pairs(a, b, a.time)
    const query = join(`SELECT ${text} FROM ({0}) AS a ${kind} ({1}) AS b ON ${on}`, a, b)
    const keeps = kind !== 'RIGHT JOIN'
    return {
      ...query,
      columns,
      unique,
      time: keeps ? time : undefined,
      append: a.append && b.append,
    }
  }

  #windowAggregated(depth: number): Relation {
    return this.#windowed(this.#timed(depth))
  }

  #windowed(input: Relation): Relation {
    const r = this.#r
    const session = chance(r, 25)
    const keyed = plainColumns(input).filter(({ name }) => name !== input.time)
    const keys = chance(r, 60) ? [pick(r, keyed)] : []
    const window = session ? this.#session(keyed, keys) : randomAligned(r)
    const calls = this.#aggregates(input)
    const outer = keys.map(({ name, kind }) => ({ ...same(name), kind, as: this.#name() }))
    const bounds = ['window_start', 'window_end', 'window_time'] as const
    const columns: RelationColumn[] = [
      ...bounds.map((name): RelationColumn => ({ name, kind: 'time' })),
      ...[...outer, ...calls].map(({ as, kind }) => ({ name: as, kind })),
    ]
    const rest = listOf([...outer, ...calls]).text
    const group = this.#groupBy(
      keys.map(({ name }) => same(name)),
      bounds,
    )
    const rows = windowRows(input, window)
    const plain = join(
      'SELECT {0}, {1} FROM {2}{3}',
      same(bounds.join(', ')),
      rest,
      rows,
      group.text,
    )
    const byCalls = !session && group.plain && chance(r, 30)
    return {
      ours: byCalls ? this.#byCalls(input, window, rest.ours, keys) : plain.ours,
      duckdb: plain.duckdb,
      columns,
      unique: group.plain
        ? ['window_start', 'window_end', ...outer.map(({ as }) => as)]
        : columns.map(({ name }) => name),
      time: 'window_time',
      window: session ? undefined : windowName(window),
      append: true,
    }
  }

  /** By the keys that will be grouped by, or by others. */
  #session(columns: readonly RelationColumn[], keys: readonly RelationColumn[]): RandomWindow {
    const by = chance(this.#r, 60) ? keys : [pick(this.#r, columns)]
    const gap = pick(this.#r, [3, 6, 10])
    return { kind: 'SESSION', gap, by: by.map(({ name }) => name) }
  }

  #byCalls(
    { ours, time }: Relation,
    window: RandomWindow,
    rest: string,
    keys: readonly RelationColumn[],
  ): string {
    const calls = windowCalls(time!, window)
    const bounds = `${calls.start} AS window_start, ${calls.end} AS window_end, ${calls.time} AS window_time`
    const by = [calls.group, ...keys.map(({ name }) => name)].join(', ')
    return `SELECT ${bounds}, ${rest} FROM (${ours}) AS g GROUP BY ${by}`
  }

  /** A window over the windows of another one. */
  #cascaded(_depth: number): Relation {
    return this.#windowed(this.#renamed(this.#windowed(this.#timed(0))))
  }

  /** Rows with their sessions. */
  #inSessions(): Relation {
    const input = this.#timed(0)
    const rows = windowRows(input, this.#session(plainColumns(input), []))
    return { ...this.#withBounds(input, rows), time: undefined }
  }

  #withBounds(input: Relation, rows: Both): Relation {
    const query = join(`SELECT ${all(input)}, window_start, window_end FROM {0}`, rows)
    return {
      ...input,
      ...query,
      columns: [
        ...input.columns,
        { name: 'window_start', kind: 'time' },
        { name: 'window_end', kind: 'time' },
      ],
      unique: [...input.unique, 'window_start', 'window_end'],
    }
  }

  /** Rows, or groups of them, with aligned windows. */
  #inWindows(window: RandomWindow): Relation {
    const r = this.#r
    const input = this.#timed(0)
    const rows = windowRows(input, window)
    if (chance(r, 50)) {
      return { ...this.#withBounds(input, rows), window: windowName(window) }
    }
    const key = pick(r, columnsOf(input, 'int', 'bigint'))
    const [n, k] = [this.#name(), this.#name()]
    const query = join(
      `SELECT window_start, window_end, ${key.name} AS ${k}, COUNT(*) AS ${n} FROM {0} GROUP BY window_start, window_end, ${key.name}`,
      rows,
    )
    return {
      ...query,
      columns: [
        { name: 'window_start', kind: 'time' },
        { name: 'window_end', kind: 'time' },
        { name: k, kind: key.kind },
        { name: n, kind: 'bigint' },
      ],
      unique: ['window_start', 'window_end', k],
      window: windowName(window),
      append: true,
    }
  }

  #windowJoined(_depth: number): Relation {
    const r = this.#r
    const window = randomAligned(r)
    const [a, b] = [this.#inWindows(window), this.#inWindows(window)]
    const kind = pick(r, ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'semi', 'anti'])
    const bounds = 'a.window_start = b.window_start AND a.window_end = b.window_end'
    const on = chance(r, 50) ? join(`${bounds} AND {0}`, this.#condition(a, b)) : same(bounds)
    if (kind === 'semi' || kind === 'anti') {
      const not = kind === 'anti' ? 'NOT ' : ''
      const where = join(`${not}EXISTS (SELECT 1 FROM ({0}) AS b WHERE {1})`, b, on)
      const query = join(`SELECT ${all(a)} FROM ({0}) AS a WHERE {1}`, a, where)
      return { ...a, ...query, time: undefined }
    }
    const { text, columns, unique } = this.#pairs(a, b)
    const query = join(`SELECT ${text} FROM ({0}) AS a ${kind} ({1}) AS b ON {2}`, a, b, on)
    return { ...query, columns, unique, append: a.append && b.append }
  }

  #windowRanked(_depth: number): Relation {
    const input = chance(this.#r, 25) ? this.#inSessions() : this.#inWindows(randomAligned(this.#r))
    return this.#rankedBy(input, ['window_start', 'window_end'])
  }

  #ranked(depth: number): Relation {
    const input = this.relation(depth)
    const by = chance(this.#r, 70) ? [pick(this.#r, plainColumns(input)).name] : []
    return this.#rankedBy(input, by)
  }

  #rankedBy(input: Relation, by: readonly string[]): Relation {
    const r = this.#r
    const ranking = pick(r, ['ROW_NUMBER', 'ROW_NUMBER', 'RANK', 'DENSE_RANK'])
    const x = pick(r, plainColumns(input)).name
    const order = `${x}${chance(r, 50) ? ' DESC' : ''}`
    const total = ranking === 'ROW_NUMBER' ? [order, ...input.unique].join(', ') : order
    const per = by.length === 0 ? '' : `PARTITION BY ${by.join(', ')} `
    const call = `${ranking}() OVER (${per}ORDER BY ${total})`
    const limit = chance(r, 40) ? '= 1' : `<= ${1 + r.below(3)}`
    const kept: Relation = { ...input, time: undefined, append: false }
    if (chance(r, 30)) {
      const query = join(`SELECT ${all(input)} FROM ({0}) AS q QUALIFY ${call} ${limit}`, input)
      return { ...kept, ...query }
    }
    const rank = this.#name()
    const shown = chance(r, 50)
    const columns = shown
      ? [...input.columns, { name: rank, kind: 'bigint' as const }]
      : input.columns
    const query = join(
      `SELECT ${columns.map(({ name }) => name).join(', ')} FROM (SELECT ${all(input)}, ${call} AS ${rank} FROM ({0}) AS i) AS q WHERE ${rank} ${limit}`,
      input,
    )
    return { ...kept, ...query, columns }
  }

  #over(depth: number): Relation {
    const r = this.#r
    const input = this.relation(depth)
    const by = chance(r, 60) ? `PARTITION BY ${pick(r, plainColumns(input)).name} ` : ''
    if (chance(r, 25)) return this.#overRange(input, by)
    const x = pick(r, plainColumns(input)).name
    const total = [`${x}${chance(r, 40) ? ' DESC' : ''}`, ...input.unique].join(', ')
    return this.#overCalls(input, `${by}ORDER BY ${total}`, [
      ...FRAMED.map((call) => ({ call, frame: pick(r, ROWS) })),
      ...UNFRAMED.map((call) => ({ call, frame: '' })),
    ])
  }

  /** A RANGE frame, or peers: nothing that depends on the order of peers. */
  #overRange(input: Relation, by: string): Relation {
    const x = numberColumn(this.#r, input).name
    const down = chance(this.#r, 30) ? ' DESC' : ''
    return this.#overCalls(input, `${by}ORDER BY ${x}${down}`, [
      ...TOTALS.map((call) => ({ call, frame: pick(this.#r, RANGES) })),
      ...RANKING.map((call) => ({ call, frame: '' })),
    ])
  }

  /** In order of event time: once final over rows that only come. */
  #overTime(_depth: number): Relation {
    const r = this.#r
    const input = this.#scan(this.#tables.filter(({ timed }) => timed))
    const by = chance(r, 60) ? `PARTITION BY ${pick(r, plainColumns(input)).name} ` : ''
    return this.#overCalls(input, `${by}ORDER BY ts`, [
      ...FRAMED.map((call) => ({ call, frame: pick(r, [...ROWS, ...TIMES]) })),
      ...UNFRAMED.map((call) => ({ call, frame: '' })),
    ])
  }

  #overCalls(
    input: Relation,
    order: string,
    choices: readonly { call: string; frame: string }[],
  ): Relation {
    const r = this.#r
    const number = () => numberColumn(r, input).name
    const made = Array.from({ length: 1 + r.below(2) }, () => {
      const { call, frame } = pick(r, choices)
      const text = `${call.replace('?', number())} OVER (${order}${frame})`
      const kind = /RANK\(\)|CUME/.test(call) && !/DENSE|^RANK/.test(call) ? 'double' : 'bigint'
      return { ...same(text), kind, as: this.#name() } as const
    })
    const list = listOf(made)
    const query = join(`SELECT ${all(input)}, {1} FROM ({0}) AS o`, input, list.text)
    return {
      ...input,
      ...query,
      columns: [...input.columns, ...list.columns],
      time: undefined,
      window: undefined,
      append: false,
    }
  }

  #setOperation(depth: number): Relation {
    const r = this.#r
    const sides = [this.relation(depth), this.relation(0)].map((input) => {
      const number = randomNumber(r, input)
      const list = join('CAST({0} AS BIGINT) AS n, {1} AS t', number, randomText(r, input))
      return join('SELECT {1} FROM ({0}) AS s', input, list)
    })
    const operator = pick(r, [
      ...['UNION', 'UNION ALL', 'INTERSECT', 'INTERSECT ALL', 'EXCEPT', 'EXCEPT ALL'],
    ])
    const [n, t] = [this.#name(), this.#name()]
    const query = join(`SELECT n AS ${n}, t AS ${t} FROM (({0}) ${operator} ({1})) AS u`, ...sides)
    return {
      ...query,
      columns: [
        { name: n, kind: 'bigint' },
        { name: t, kind: 'text' },
      ],
      unique: [n, t],
      append: false,
    }
  }

  #distinct(depth: number): Relation {
    const input = this.relation(depth)
    const made = [randomNumber(this.#r, input), randomValueOf(this.#r, input)]
    const list = listOf(made.map((expr) => ({ ...expr, as: this.#name() })))
    const query = join('SELECT DISTINCT {1} FROM ({0}) AS d', input, list.text)
    const unique = list.columns.map(({ name }) => name)
    return { ...query, columns: list.columns, unique, append: false }
  }

  #limited(depth: number): Relation {
    const r = this.#r
    const input = this.relation(depth)
    const order = [`${pick(r, plainColumns(input)).name}${chance(r, 50) ? ' DESC' : ''}`]
    const offset = chance(r, 30) ? ` OFFSET ${1 + r.below(3)}` : ''
    const text = `SELECT ${all(input)} FROM ({0}) AS l ORDER BY ${[...order, ...input.unique].join(', ')} LIMIT ${1 + r.below(6)}${offset}`
    return { ...input, ...join(text, input), time: undefined, window: undefined, append: false }
  }

  /** Rows age out, or come in later. */
  #aging(_depth: number): Relation {
    const r = this.#r
    const input = this.#scan(this.#tables.filter(({ timed }) => timed))
    const seconds = `INTERVAL '${10 + r.below(60)}' SECOND`
    const text = chance(r, 70) ? `ts > {1} - ${seconds}` : `ts <= {1} - ${seconds}`
    const now: Both = { ours: 'LOCALTIMESTAMP', duckdb: '{NOW}' }
    const query = join(`SELECT ${all(input)} FROM ({0}) AS t WHERE ${text}`, input, now)
    return { ...input, ...query, time: undefined, append: false }
  }

  #unnested(_depth: number): Relation {
    const r = this.#r
    const tables = this.#tables.filter((table) => columnsOf(table, 'ints').length > 0)
    if (tables.length === 0) return this.relation(1)
    const input = this.#scan(tables)
    const array = pick(r, columnsOf(input, 'ints')).name
    const [x, o] = [this.#name(), this.#name()]
    const left = chance(r, 40)
    const numbered = chance(r, 40)
    const kind = left ? 'LEFT JOIN' : 'CROSS JOIN'
    const names = numbered ? `${x}, ${o}` : x
    const ordinality = numbered ? ' WITH ORDINALITY' : ''
    const shown = `${input.columns.map(({ name }) => `a.${name}`).join(', ')}, ${names}`
    const on = left ? ' ON TRUE' : ''
    const subscripts = numbered ? `, generate_subscripts(a.${array}, 1) AS ${o}` : ''
    return {
      ours: `SELECT ${shown} FROM (${input.ours}) AS a ${kind} UNNEST(a.${array})${ordinality} AS u (${names})${on}`,
      duckdb: `SELECT ${shown} FROM (${input.duckdb}) AS a ${kind} LATERAL (SELECT unnest(a.${array}) AS ${x}${subscripts}) AS u${on}`,
      columns: [
        ...input.columns,
        { name: x, kind: 'int' },
        ...(numbered ? [{ name: o, kind: 'int' as const }] : []),
      ],
      unique: [...input.unique, ...(numbered ? [o] : []), x],
      append: input.append,
    }
  }

  #scalar(depth: number): Relation {
    const r = this.#r
    const [a, b] = [this.relation(depth), this.relation(0)]
    const [x, y] = [numberColumn(r, a).name, numberColumn(r, b).name]
    const call = pick(r, [`MAX(${y})`, `COUNT(*)`, `MIN(${y})`])
    const text = `SELECT ${all(a)} FROM ({0}) AS a WHERE ${x} >= (SELECT ${call} FROM ({1}) AS b)`
    return { ...a, ...join(text, a, b), time: undefined, window: undefined, append: false }
  }

  /** Each row with the nearest one by time, on one side. */
  #asof(_depth: number): Relation {
    const r = this.#r
    const timed = this.#tables.filter((table) => table.timed)
    const [a, b] = [this.#scan(timed), this.#scan(timed)]
    const kind = pick(r, ['JOIN', 'LEFT JOIN'])
    const on = `a.${numberColumn(r, a).name} = b.${numberColumn(r, b).name} AND a.ts ${pick(r, ['>=', '>', '<=', '<'])} b.ts`
    const { text, columns, unique } = this.#pairs(a, b)
    const query = join(`SELECT ${text} FROM ({0}) AS a ASOF ${kind} ({1}) AS b ON ${on}`, a, b)
    return { ...query, columns, unique, append: a.append && b.append }
  }

  /** Two or three rows in a row, each of which meets a condition. */
  #matched(_depth: number): Relation {
    const r = this.#r
    const input = this.#scan(this.#tables.filter(({ kind, timed }) => kind === 'append' && timed))
    const names = ['A', 'B', 'C'].slice(0, 2 + r.below(2))
    const conditions = names.map((name) => randomCondition(r, input, `${name}.`))
    const within = 10 + r.below(40)
    const shown = names.map(() => this.#name())
    const define = names.map((name, i) => `${name} AS ${conditions[i].ours}`).join(', ')
    const measures = names.map((name, i) => `${name}.id AS ${shown[i]}`).join(', ')
    const parts = names.map((name, i) => `({${i}}) AS met_${name}`)
    const marked = names.reduce(
      (rows, name, i) =>
        join(
          `SELECT ${name}.*, ${parts[i].replace(`{${i}}`, '{0}')} FROM ({1}) AS ${name}`,
          conditions[i],
          rows,
        ),
      { ours: '', duckdb: input.duckdb } as Both,
    )
    const later = names
      .slice(1)
      .flatMap((name, i) => [
        `LEAD(id, ${i + 1}) OVER w AS ${shown[i + 1]}`,
        `LEAD(met_${name}, ${i + 1}) OVER w AS ok_${name}`,
      ])
    const last = `LEAD(ts, ${names.length - 1}) OVER w AS last_`
    const all = ['met_A', ...names.slice(1).map((name) => `ok_${name}`)].join(' AND ')
    return {
      ours: `SELECT k, ${shown.join(', ')} FROM (${input.ours}) AS i MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES ${measures} ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (${names.join(' ')}) WITHIN INTERVAL '${within}' SECOND DEFINE ${define}) AS m`,
      duckdb: `SELECT k, ${shown.join(', ')} FROM (SELECT *, id AS ${shown[0]}, ${later.join(', ')}, ${last} FROM (${marked.duckdb}) AS m1 WINDOW w AS (PARTITION BY k ORDER BY ts)) AS m2 WHERE ${all} AND last_ <= ts + INTERVAL '${within}' SECOND`,
      columns: [
        { name: 'k', kind: 'int' },
        ...shown.map((name): RelationColumn => ({ name, kind: 'int' })),
      ],
      unique: [shown[0]],
      append: true,
    }
  }

  /** With the version of another row that was current at the time. */
  #versioned(_depth: number): Relation {
    const r = this.#r
    const fits = ({ kind, timed, shrinks }: RandomTable) => kind === 'keyed' && timed && !shrinks
    const versions = this.#tables.filter(fits)
    if (versions.length === 0) return this.#intervalJoined(0)
    const a = this.#scan(this.#tables.filter(({ kind, timed }) => kind === 'append' && timed))
    const table = pick(r, versions)
    const b: Relation = {
      ...same(`SELECT id, ts FROM ${table.name}`),
      columns: table.columns.filter(({ kind }) => kind !== 'ints').slice(0, 4),
      unique: ['id'],
      append: false,
    }
    const { text, columns, unique } = this.#pairs(a, b)
    const x = pick(r, ['k', 'id'])
    const kind = pick(r, ['JOIN', 'LEFT JOIN'])
    return {
      ours: `SELECT ${text} FROM (${a.ours}) AS a ${kind} ${table.name} FOR SYSTEM_TIME AS OF a.ts AS b ON a.${x} = b.id`,
      duckdb: `SELECT ${text} FROM (${a.duckdb}) AS a ASOF ${kind} ${table.name}_all AS b ON a.${x} = b.id AND a.ts >= b.ts`,
      columns,
      unique,
      append: a.append,
    }
  }
}

const ROWS = [
  ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW',
  ' ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
  ' ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
  ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
  ' ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING',
]
const RANGES = [
  '',
  ' RANGE BETWEEN 3 PRECEDING AND CURRENT ROW',
  ' RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING',
  ' RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
]
const TIMES = [
  '',
  " RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW",
  " RANGE BETWEEN INTERVAL '25' SECOND PRECEDING AND CURRENT ROW",
  " RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND INTERVAL '5' SECOND FOLLOWING",
]
const TOTALS = ['SUM(?)', 'COUNT(?)', 'COUNT(*)', 'MIN(?)', 'MAX(?)']
const FRAMED = [...TOTALS, 'FIRST_VALUE(?)', 'LAST_VALUE(?)', 'NTH_VALUE(?, 2)']
const RANKING = ['RANK()', 'DENSE_RANK()', 'PERCENT_RANK()', 'CUME_DIST()']
const UNFRAMED = ['LAG(?)', 'LEAD(?, 2)', 'ROW_NUMBER()', 'NTILE(3)', ...RANKING]
