/** PostgreSQL's own tree (libpg-query) in the form of `our-tree.ts`. */

import { wrapped } from './our-tree.ts'

/** The tree is plain JSON: a field is another node, or text, or a list. */
export interface PgNode {
  readonly [field: string]: PgNode | undefined
}

export const pgTree = (statement: PgNode): string => select(must(statement.SelectStmt))

const list = (parts: readonly string[]): string => `[${parts.join(' ')}]`
const str = (value: PgNode | undefined): string => String(value ?? '')
const nodes = (value: PgNode | undefined): readonly PgNode[] =>
  (value ?? []) as unknown as readonly PgNode[]
const all = (value: PgNode | undefined): string[] => nodes(value).map(tree)
const name = (value: PgNode | undefined): string => str(value?.String?.sval)
const names = (value: PgNode | undefined): string[] => nodes(value).map(name)
const lastName = (value: PgNode | undefined): string => names(value).at(-1) ?? ''

function must(value: PgNode | undefined): PgNode {
  if (value === undefined) throw new Error('no rule: a node is missing')
  return value
}

/** A node is an object with one field: its kind. */
function kindOf(node: PgNode): [string, PgNode] {
  const [kind, value] = Object.entries(node)[0]
  return [kind, must(value)]
}

function select(node: PgNode): string {
  const ctes = nodes(node.withClause?.ctes).map(({ CommonTableExpr: cte }) => {
    const query = select(must(cte?.ctequery?.SelectStmt))
    return `(cte ${str(cte?.ctename)} ${list(names(cte?.aliascolnames))} ${query})`
  })
  const limit = node.limitCount === undefined ? undefined : tree(node.limitCount)
  return wrapped(list(ctes), body(node), list(nodes(node.sortClause).map(order)), limit)
}

function body(node: PgNode): string {
  const operator = str(node.op).slice('SETOP_'.length).toLowerCase()
  if (operator !== 'none') {
    return `(${operator}${node.all ? '-all' : ''} ${select(must(node.larg))} ${select(must(node.rarg))})`
  }
  if (node.valuesLists !== undefined) {
    return `(values ${nodes(node.valuesLists)
      .map((row) => list(all(row.List?.items)))
      .join(' ')})`
  }
  const items = nodes(node.targetList).map(item)
  const from = nodes(node.fromClause).map(table)
  const distinct = node.distinctClause === undefined ? '' : 'distinct '
  const groups = nodes(node.groupClause).flatMap(groupList)
  return `(select ${distinct}${list(items)} ${list(from)} ${optional(node.whereClause)} ${list(groups)} ${optional(node.havingClause)})`
}

const optional = (node: PgNode | undefined): string => (node === undefined ? '-' : tree(node))

function item(node: PgNode): string {
  const target = must(node.ResTarget)
  const value = must(target.val)
  const fields = nodes(value.ColumnRef?.fields)
  if (fields.at(-1)?.A_Star !== undefined) return [...fields.slice(0, -1).map(name), '*'].join('.')
  return target.name === undefined ? tree(value) : `(as ${str(target.name)} ${tree(value)})`
}

/** `GROUP BY (a, b)` is two groups, which PostgreSQL finds out after parsing. */
function groupList(node: PgNode): string[] {
  const isList = str(node.RowExpr?.row_format) === 'COERCE_IMPLICIT_CAST'
  return isList ? all(node.RowExpr?.args) : [group(node)]
}

function group(node: PgNode): string {
  if (node.GroupingSet === undefined) return tree(node)
  const sets = nodes(node.GroupingSet.content).map((set) => {
    if (set.GroupingSet !== undefined) return '[]'
    return list(set.RowExpr === undefined ? [tree(set)] : all(set.RowExpr.args))
  })
  return `(sets ${sets.join(' ')})`
}

function order(node: PgNode): string {
  const by = must(node.SortBy)
  const isDescending = str(by.sortby_dir) === 'SORTBY_DESC'
  const nulls = str(by.sortby_nulls)
  // Without NULLS, ours follows Flink.
  const isFirst = nulls === 'SORTBY_NULLS_DEFAULT' ? !isDescending : nulls === 'SORTBY_NULLS_FIRST'
  return `(by ${optional(by.node)} ${isDescending ? 'desc' : 'asc'} ${isFirst ? 'first' : 'last'})`
}

const alias = (node: PgNode | undefined): string =>
  node === undefined ? '' : ` ${str(node.aliasname)}${list(names(node.colnames))}`

function table(node: PgNode): string {
  const [kind, ref] = kindOf(node)
  switch (kind) {
    case 'RangeVar':
      return `(table ${str(ref.relname)}@${str(ref.location)}${alias(ref.alias)})`
    case 'RangeSubselect':
      return `(${ref.lateral ? 'lateral ' : ''}${select(must(ref.subquery?.SelectStmt))}${alias(ref.alias)})`
    case 'RangeFunction': {
      const called = nodes(nodes(ref.functions)[0].List?.items)[0].FuncCall
      return `(call ${lastName(called?.funcname)} ${list(all(called?.args))}${alias(ref.alias)})`
    }
    case 'JoinExpr': {
      const join = str(ref.jointype).slice('JOIN_'.length).toLowerCase()
      const using = list(names(ref.usingClause))
      return `(${ref.isNatural ? 'natural ' : ''}${join} ${table(must(ref.larg))} ${table(must(ref.rarg))} ${optional(ref.quals)} ${using})`
    }
    default:
      throw new Error(`no rule for ${kind} in FROM`)
  }
}

const RULES: Record<string, (node: PgNode) => string> = {
  ColumnRef: (node) => `${names(node.fields).join('.')}@${str(node.location)}`,
  A_Const: constant,
  SelectStmt: select,
  A_Expr: operator,
  BoolExpr: (node) =>
    `(${str(node.boolop).slice(0, -'_EXPR'.length).toLowerCase()} ${boolTerms(node).map(tree).join(' ')})`,
  NullTest: (node) => test(node, node.nulltesttype),
  BooleanTest: (node) => test(node, node.booltesttype),
  SubLink: subLink,
  CaseExpr: caseOf,
  TypeCast: cast,
  RowExpr: (node) => `(ROW ${all(node.args).join(' ')})`,
  FuncCall: call,
  JsonIsPredicate: (node) =>
    `(IS JSON ${str(node.item_type).slice('JS_TYPE_'.length)} ${optional(node.expr)})`,
  JsonValueExpr: (node) => optional(node.raw_expr),
  JsonKeyValue: (node) => jsonPair(node),
  JsonObjectConstructor: (node) => json('object', node, all(node.exprs)),
  JsonArrayConstructor: (node) => json('array', node, all(node.exprs)),
  JsonObjectAgg: (node) => json('objectagg', node, [jsonPair(must(node.arg))]),
  JsonArrayAgg: (node) => json('arrayagg', node, [optional(node.arg?.raw_expr)]),
  JsonFuncExpr: jsonFunction,
  A_Indirection: (node) => nodes(node.indirection).reduce(step, optional(node.arg)),
}

function tree(node: PgNode): string {
  const [kind, value] = kindOf(node)
  const rule = RULES[kind]
  if (rule === undefined) throw new Error(`no rule for ${kind}`)
  return rule(value)
}

const test = (node: PgNode, kind: PgNode | undefined): string =>
  `(${str(kind).replaceAll('_', ' ')}@${str(node.location)} ${optional(node.arg)})`

const step = (inner: string, next: PgNode): string =>
  next.A_Indices === undefined
    ? `(. ${inner} '${name(next)}')`
    : `([] ${inner} ${optional(next.A_Indices.uidx)})`

function caseOf(node: PgNode): string {
  const branches = nodes(node.args).map(
    ({ CaseWhen: branch }) => `${optional(branch?.expr)} ${optional(branch?.result)}`,
  )
  return `(case ${optional(node.arg)} ${branches.join(' ')} ${optional(node.defresult)})`
}

/** AND in AND is one chain, also through brackets; NOT has one term. */
function boolTerms(node: PgNode): readonly PgNode[] {
  const kind = str(node.boolop)
  if (kind === 'NOT_EXPR') return nodes(node.args)
  return nodes(node.args).flatMap((arg) =>
    arg.BoolExpr !== undefined && str(arg.BoolExpr.boolop) === kind
      ? boolTerms(arg.BoolExpr)
      : [arg],
  )
}

function constant(node: PgNode): string {
  if (node.isnull) return 'null'
  if (node.sval !== undefined) return `'${str(node.sval.sval)}'`
  if (node.boolval !== undefined) return node.boolval.boolval ? 'true' : 'false'
  if (node.fval !== undefined) return String(Number(str(node.fval.fval)))
  return String(Number(str(node.ival?.ival)))
}

const TYPES: Record<string, string> = { int4: 'int', int8: 'bigint', bool: 'boolean', date: 'date' }

function cast(node: PgNode): string {
  return `(cast ${optional(node.arg)} ${TYPES[lastName(node.typeName?.names)]})`
}

const PATTERNS: Record<string, string> = {
  AEXPR_LIKE: 'LIKE',
  AEXPR_ILIKE: 'ILIKE',
  AEXPR_SIMILAR: 'SIMILAR TO',
}

const negated = (isNegated: boolean, inner: string): string =>
  isNegated ? `(not ${inner})` : inner

function operator(node: PgNode): string {
  const sign = names(node.name)[0]
  const at = `@${str(node.location)}`
  const left = node.lexpr === undefined ? '' : tree(node.lexpr)
  const kind = str(node.kind)
  switch (kind) {
    case 'AEXPR_OP':
      return left === ''
        ? unary(sign, at, optional(node.rexpr))
        : `(${sign}${at} ${left} ${optional(node.rexpr)})`
    case 'AEXPR_DISTINCT':
      return `(IS DISTINCT FROM${at} ${left} ${optional(node.rexpr)})`
    case 'AEXPR_NOT_DISTINCT':
      return `(IS NOT DISTINCT FROM${at} ${left} ${optional(node.rexpr)})`
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return `(${sign} ${kind.slice('AEXPR_OP_'.length)}${at} ${left} ${optional(node.rexpr)})`
    case 'AEXPR_IN':
      return negated(sign === '<>', `(in ${left} ${list(all(node.rexpr?.List?.items))})`)
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR': {
      const pattern = node.rexpr?.FuncCall
      const isEscape = lastName(pattern?.funcname).endsWith('_escape')
      const right = isEscape ? all(pattern?.args).join(' ') : optional(node.rexpr)
      return negated(sign.startsWith('!'), `(${PATTERNS[kind]}${at} ${left} ${right})`)
    }
    default: {
      const word = kind.endsWith('_SYM') ? 'BETWEEN SYMMETRIC' : 'BETWEEN'
      const bounds = all(node.rexpr?.List?.items).join(' ')
      return negated(kind.includes('_NOT_'), `(${word}${at} ${left} ${bounds})`)
    }
  }
}

/** We read a sign before a number as part of it; PostgreSQL only a minus, and not twice. */
function unary(sign: string, at: string, operand: string): string {
  const isNumber = /^-?\d[\d.e+]*$/.test(operand)
  if (!isNumber) return `(${sign}${at} ${operand})`
  return sign === '-' ? String(0 - Number(operand)) : operand
}

function subLink(node: PgNode): string {
  const query = select(must(node.subselect?.SelectStmt))
  switch (str(node.subLinkType)) {
    case 'EXISTS_SUBLINK':
      return `(exists ${query})`
    case 'EXPR_SUBLINK':
      return query
    default: {
      const sign = node.operName === undefined ? '=' : names(node.operName)[0]
      const word = str(node.subLinkType) === 'ANY_SUBLINK' ? 'ANY' : 'ALL'
      const arg = optional(node.testexpr)
      if (sign === '=' && word === 'ANY') return `(in ${arg} ${query})`
      if (sign === '<>' && word === 'ALL') return `(not (in ${arg} ${query}))`
      return `(${sign} ${word}@${str(node.location)} ${arg} ${query})`
    }
  }
}

const jsonPair = (node: PgNode): string => `${optional(node.key)} ${optional(node.value?.raw_expr)}`

/** JSON_OBJECT and its kin. */
function json(kind: string, node: PgNode, parts: readonly string[]): string {
  const made = Object.hasOwn(node, 'constructor')
    ? (node.constructor as unknown as PgNode)
    : undefined
  const place = made?.location === undefined ? node.location : made.location
  const orders = nodes(made?.agg_order).map(order)
  const extras = orders.length > 0 ? ` ${list(orders)}` : ''
  return `(json_${kind}@${str(place)} ${parts.join(' ')}${extras} ${node.absent_on_null ? 'absent' : 'null'})`
}

const behavior = (node: PgNode | undefined): string => {
  if (node === undefined) return '-'
  const kind = str(node.btype).slice('JSON_BEHAVIOR_'.length)
  return kind === 'DEFAULT' ? `(default ${optional(node.expr)})` : kind.toLowerCase()
}

const WRAPPERS: Record<string, string> = {
  CONDITIONAL: 'conditional',
  UNCONDITIONAL: 'unconditional',
}

function jsonFunction(node: PgNode): string {
  const kind = str(node.op).slice('JSON_'.length, -'_OP'.length).toLowerCase()
  const args = `${optional(node.context_item?.raw_expr)} ${optional(node.pathspec)}`
  const type = node.output?.typeName
  const returning = type === undefined ? '-' : TYPES[lastName(type.names)]
  const wrapper = WRAPPERS[str(node.wrapper).slice('JSW_'.length)] ?? '-'
  const answers = [behavior(node.on_empty), behavior(node.on_error)]
  return `(json_${kind}@${str(node.location)} ${args} ${returning} ${wrapper} ${answers.join(' ')})`
}

/** PostgreSQL's names of the calls with keywords, and their order of arguments. */
const FORMS: Record<string, [string, (args: string[]) => string[]]> = {
  timezone: ['AT TIME ZONE', ([zone, value]) => [value, zone]],
  extract: ['extract', ([unit, ...rest]) => [unit.toUpperCase(), ...rest]],
  position: ['position', ([whole, part]) => [part, whole]],
  btrim: ['trim', (args) => args],
  ltrim: ['ltrim', (args) => args],
  rtrim: ['rtrim', (args) => args],
  substring: ['substring', (args) => args],
  overlay: ['overlay', (args) => args],
}

function call(node: PgNode): string {
  const called = lastName(node.funcname)
  const form = str(node.funcformat) === 'COERCE_SQL_SYNTAX' ? FORMS[called] : undefined
  const at = `@${str(node.location)}`
  const args = node.agg_star ? ['*'] : all(node.args)
  if (form !== undefined) {
    const inner = form[1](args).join(' ')
    return form[0] === 'AT TIME ZONE'
      ? `(AT TIME ZONE${at} ${inner})`
      : `(call ${form[0]}${at} ${inner})`
  }
  const orders = (value: PgNode | undefined) => list(nodes(value).map(order))
  const extras = [
    node.agg_distinct ? 'distinct' : '',
    node.agg_order === undefined ? '' : orders(node.agg_order),
    node.agg_filter === undefined ? '' : `(filter ${tree(node.agg_filter)})`,
    node.over === undefined
      ? ''
      : `(over ${list(all(node.over.partitionClause))} ${orders(node.over.orderClause)})`,
  ]
  const parts = [args.join(' '), ...extras].filter((part) => part !== '')
  return `(call ${called}${at} ${parts.join(' ')})`
}
