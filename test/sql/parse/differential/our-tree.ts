/** Our tree as an s-expression that forgets how AND and OR chains are nested. Names, functions and
 *  operators carry their offset, so that places are compared as well. */

import type {
  Expression,
  GroupItem,
  Name,
  OrderItem,
  Query,
  QueryBody,
  SelectItem,
  Statement,
  TableAlias,
  TableRef,
} from '../../../../sql/ast.ts'

export const ourTree = (statement: Statement): string =>
  statement.kind === 'select' ? queryTree(statement.query) : statement.kind

const list = (parts: readonly string[]): string => `[${parts.join(' ')}]`

function queryTree(query: Query): string {
  const ctes = query.with.map(
    (cte) =>
      `(cte ${cte.name.text} ${list(cte.columns.map((c) => c.text))} ${queryTree(cte.query)})`,
  )
  return wrapped(list(ctes), bodyTree(query.body), list(query.orderBy.map(order)), query.limit)
}

/** Nothing around a body is nothing. */
export function wrapped(ctes: string, body: string, orderBy: string, limit: unknown): string {
  if (ctes === '[]' && orderBy === '[]' && limit === undefined) return body
  return `(query ${ctes} ${body} ${orderBy} ${limit ?? '-'})`
}

function bodyTree(body: QueryBody): string {
  switch (body.kind) {
    case 'nested':
      return queryTree(body.query)
    case 'values':
      return `(values ${body.rows.map((row) => list(row.map(tree))).join(' ')})`
    case 'set':
      return `(${body.operator}${body.all ? '-all' : ''} ${bodyTree(body.left)} ${bodyTree(body.right)})`
    case 'select':
      return `(select ${body.distinct ? 'distinct ' : ''}${list(body.items.map(item))} ${list(body.from.map(table))} ${optional(body.where)} ${list(body.groupBy.map(group))} ${optional(body.having)})`
  }
}

const optional = (value: Expression | undefined): string =>
  value === undefined ? '-' : tree(value)

function item(value: SelectItem): string {
  if (value.kind === 'all') return value.table === undefined ? '*' : `${value.table.text}.*`
  return value.alias === undefined
    ? tree(value.value)
    : `(as ${value.alias.text} ${tree(value.value)})`
}

function group(value: GroupItem): string {
  if (value.kind === 'value') return tree(value.value)
  return `(sets ${value.sets.map((set) => list(set.map(tree))).join(' ')})`
}

const order = ({ value, descending, nullsFirst }: OrderItem): string =>
  `(by ${tree(value)} ${descending ? 'desc' : 'asc'} ${nullsFirst ? 'first' : 'last'})`

const alias = (value: TableAlias | undefined): string =>
  value === undefined ? '' : ` ${value.name.text}${list(value.columns.map((c) => c.text))}`

function table(ref: TableRef): string {
  switch (ref.kind) {
    case 'table':
      return `(table ${ref.name.text}@${ref.at.offset}${alias(ref.alias)})`
    case 'query':
      return `(${ref.lateral ? 'lateral ' : ''}${queryTree(ref.query)}${alias(ref.alias)})`
    case 'function':
      return `(call ${ref.name.text} ${list(ref.args.map(tree))}${alias(ref.alias)})`
    case 'join':
      return `(${ref.natural ? 'natural ' : ''}${ref.join === 'cross' ? 'inner' : ref.join} ${table(ref.left)} ${table(ref.right)} ${optional(ref.on)} ${list(ref.using.map((c) => c.text))})`
    case 'window':
      return '(window)'
    case 'match':
      return '(match)'
  }
}

const isLogic = (value: Expression, name: string): boolean =>
  value.kind === 'call' && value.name.text === name && value.args.length === 2

/** The terms of a chain of one of AND and OR. */
function terms(value: Expression, name: string): Expression[] {
  if (value.kind !== 'call' || !isLogic(value, name)) return [value]
  return value.args.flatMap((arg) => terms(arg, name))
}

const place = (name: Name): string => `${name.text.toLowerCase()}@${name.at.offset}`

function tree(value: Expression): string {
  switch (value.kind) {
    case 'name':
      return `${value.path.map((part) => part.text).join('.')}@${value.path[0].at.offset}`
    case 'literal':
      return typeof value.value === 'string' ? `'${value.value}'` : literal(value)
    case 'star':
      return '*'
    case 'cast':
      return `(cast ${tree(value.arg)} ${value.type.kind})`
    case 'case':
      return `(case ${optional(value.operand)} ${value.branches.map((b) => `${tree(b.when)} ${tree(b.then)}`).join(' ')} ${optional(value.otherwise)})`
    case 'in':
      return negated(value.negated, `(in ${tree(value.arg)} ${list(value.list.map(tree))})`)
    case 'in-query':
      return negated(value.negated, `(in ${tree(value.arg)} ${queryTree(value.query)})`)
    case 'exists':
      return negated(value.negated, `(exists ${queryTree(value.query)})`)
    case 'subquery':
      return queryTree(value.query)
    case 'call':
      return call(value)
  }
}

const negated = (isNegated: boolean, text: string): string => (isNegated ? `(not ${text})` : text)

function literal({ type, value }: Extract<Expression, { kind: 'literal' }>): string {
  if (type.kind !== 'decimal') return String(value)
  const digits = String(value).padStart(type.scale + 1, '0')
  return type.scale === 0 ? digits : `${Number(digits) / 10 ** type.scale}`
}

const BUILDERS = ['JSON_OBJECT', 'JSON_ARRAY', 'JSON_OBJECTAGG', 'JSON_ARRAYAGG']
const QUERIES = ['JSON_VALUE', 'JSON_QUERY', 'JSON_EXISTS']

/** The JSON functions with all that is said of them. */
function json({ name, args, orderBy, json = {} }: Extract<Expression, { kind: 'call' }>): string {
  const kind = name.text.toUpperCase()
  const parts = args.map(tree)
  if (BUILDERS.includes(kind)) {
    const orders = orderBy.length > 0 ? ` ${list(orderBy.map(order))}` : ''
    const onNull = json.onNull ?? (kind.includes('ARRAY') ? 'absent' : 'null')
    return `(${place(name)} ${parts.join(' ')}${orders} ${onNull})`
  }
  const given = parts.slice(2)
  const answers = [json.onEmpty, json.onError].map((said) => {
    if (said === undefined) return '-'
    return said === 'default' ? `(default ${given.shift()})` : said.replace(' ', '_')
  })
  const returning = json.returning?.type.kind ?? '-'
  const wrapper = json.wrapper ?? '-'
  return `(${place(name)} ${parts.slice(0, 2).join(' ')} ${returning} ${wrapper} ${answers.join(' ')})`
}

function isJson({ name, args }: Extract<Expression, { kind: 'call' }>): string {
  const [, not, kind = ''] = /^IS (NOT )?JSON ?(.*)$/.exec(name.text) ?? []
  const text = `(IS JSON ${kind === '' || kind === 'VALUE' ? 'ANY' : kind} ${tree(args[0])})`
  return not === undefined ? text : `(not ${text})`
}

function call(value: Extract<Expression, { kind: 'call' }>): string {
  const { name, args } = value
  if ([...BUILDERS, ...QUERIES].includes(name.text.toUpperCase())) return json(value)
  if (/^IS (NOT )?JSON/.test(name.text)) return isJson(value)
  if (isLogic(value, 'AND') || isLogic(value, 'OR')) {
    return `(${name.text.toLowerCase()} ${terms(value, name.text).map(tree).join(' ')})`
  }
  const parts = args.map(tree).join(' ')
  if (name.text === 'NOT') return `(not ${parts})`
  if (/^[^A-Za-z_]+( ANY| ALL)?$|^(IS|LIKE|ILIKE|SIMILAR|BETWEEN|AT|ROW)\b/.test(name.text)) {
    // A row and a subscript have no place of their own in PostgreSQL's tree.
    const isPlaced = !/^(ROW|\[\]|\.)$/.test(name.text)
    return `(${name.text}${isPlaced ? `@${name.at.offset}` : ''} ${parts})`
  }
  const extras = [
    value.distinct ? 'distinct' : '',
    value.orderBy.length > 0 ? list(value.orderBy.map(order)) : '',
    value.filter === undefined ? '' : `(filter ${tree(value.filter)})`,
    value.over === undefined
      ? ''
      : `(over ${list(value.over.partitionBy.map(tree))} ${list(value.over.orderBy.map(order))})`,
  ]
  return `(call ${place(name)} ${[parts, ...extras].filter((part) => part !== '').join(' ')})`
}
