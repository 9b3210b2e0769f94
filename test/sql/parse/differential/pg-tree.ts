/** PostgreSQL's own tree (libpg-query) in the form of `our-tree.ts`. */

import { wrapped } from './our-tree.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tree of libpg-query has no useful types
type Any = any

export const pgTree = (statement: Any): string => select(statement.SelectStmt)

const list = (parts: readonly string[]): string => `[${parts.join(' ')}]`
const all = (nodes: Any): string[] => (nodes ?? []).map(tree)

function select(node: Any): string {
  const ctes = (node.withClause?.ctes ?? []).map(({ CommonTableExpr: cte }: Any) => {
    const columns = (cte.aliascolnames ?? []).map(text)
    return `(cte ${cte.ctename} ${list(columns)} ${select(cte.ctequery.SelectStmt)})`
  })
  const limit = node.limitCount === undefined ? undefined : tree(node.limitCount)
  return wrapped(list(ctes), body(node), list((node.sortClause ?? []).map(order)), limit)
}

function body(node: Any): string {
  if (node.op !== 'SETOP_NONE') {
    const operator = node.op.slice('SETOP_'.length).toLowerCase()
    return `(${operator}${node.all ? '-all' : ''} ${select(node.larg)} ${select(node.rarg)})`
  }
  if (node.valuesLists !== undefined) {
    return `(values ${node.valuesLists.map((row: Any) => list(all(row.List.items))).join(' ')})`
  }
  const items = (node.targetList ?? []).map(item)
  const from = (node.fromClause ?? []).map(table)
  const distinct = node.distinctClause === undefined ? '' : 'distinct '
  const groups = (node.groupClause ?? []).flatMap(groupList)
  return `(select ${distinct}${list(items)} ${list(from)} ${optional(node.whereClause)} ${list(groups)} ${optional(node.havingClause)})`
}

const optional = (node: Any): string => (node === undefined ? '-' : tree(node))
const text = (node: Any): string => node.String.sval

function item({ ResTarget: { name, val } }: Any): string {
  if (val.ColumnRef?.fields.at(-1).A_Star !== undefined) {
    return [...val.ColumnRef.fields.slice(0, -1).map(text), '*'].join('.')
  }
  return name === undefined ? tree(val) : `(as ${name} ${tree(val)})`
}

/** `GROUP BY (a, b)` is two groups, which PostgreSQL finds out after parsing. */
function groupList(node: Any): string[] {
  const isList = node.RowExpr?.row_format === 'COERCE_IMPLICIT_CAST'
  return isList ? all(node.RowExpr.args) : [group(node)]
}

function group(node: Any): string {
  if (node.GroupingSet === undefined) return tree(node)
  const sets = node.GroupingSet.content.map((set: Any) => {
    if (set.GroupingSet !== undefined) return '[]'
    return list(set.RowExpr === undefined ? [tree(set)] : all(set.RowExpr.args))
  })
  return `(sets ${sets.join(' ')})`
}

function order({ SortBy: { node, sortby_dir, sortby_nulls } }: Any): string {
  const isDescending = sortby_dir === 'SORTBY_DESC'
  // Without NULLS, ours follows Flink.
  const isFirst =
    sortby_nulls === 'SORTBY_NULLS_DEFAULT' ? !isDescending : sortby_nulls === 'SORTBY_NULLS_FIRST'
  return `(by ${tree(node)} ${isDescending ? 'desc' : 'asc'} ${isFirst ? 'first' : 'last'})`
}

const alias = (node: Any): string =>
  node === undefined ? '' : ` ${node.aliasname}${list((node.colnames ?? []).map(text))}`

function table(node: Any): string {
  const [kind, ref] = Object.entries(node)[0] as [string, Any]
  switch (kind) {
    case 'RangeVar':
      return `(table ${ref.relname}@${ref.location}${alias(ref.alias)})`
    case 'RangeSubselect':
      return `(${ref.lateral ? 'lateral ' : ''}${select(ref.subquery.SelectStmt)}${alias(ref.alias)})`
    case 'RangeFunction': {
      const { FuncCall } = ref.functions[0].List.items[0]
      return `(call ${FuncCall.funcname.map(text).join('.')} ${list(all(FuncCall.args))}${alias(ref.alias)})`
    }
    case 'JoinExpr': {
      const join = ref.jointype.slice('JOIN_'.length).toLowerCase()
      return `(${join} ${table(ref.larg)} ${table(ref.rarg)} ${optional(ref.quals)} ${list((ref.usingClause ?? []).map(text))})`
    }
    default:
      throw new Error(`no rule for ${kind} in FROM`)
  }
}

const RULES: Record<string, (node: Any) => string> = {
  ColumnRef: (node) => `${node.fields.map(text).join('.')}@${node.location}`,
  A_Const: constant,
  SelectStmt: select,
  A_Expr: operator,
  BoolExpr: (node) =>
    `(${node.boolop.slice(0, -'_EXPR'.length).toLowerCase()} ${boolTerms(node).map(tree).join(' ')})`,
  NullTest: (node) =>
    `(${node.nulltesttype.replaceAll('_', ' ')}@${node.location} ${tree(node.arg)})`,
  BooleanTest: (node) =>
    `(${node.booltesttype.replaceAll('_', ' ')}@${node.location} ${tree(node.arg)})`,
  SubLink: subLink,
  CaseExpr: (node) =>
    `(case ${optional(node.arg)} ${node.args.map(({ CaseWhen }: Any) => `${tree(CaseWhen.expr)} ${tree(CaseWhen.result)}`).join(' ')} ${optional(node.defresult)})`,
  TypeCast: cast,
  RowExpr: (node) => `(ROW ${all(node.args).join(' ')})`,
  FuncCall: call,
  A_Indirection: (node) =>
    node.indirection.reduce(
      (inner: string, step: Any) =>
        step.A_Indices === undefined
          ? `(. ${inner} '${text(step)}')`
          : `([] ${inner} ${tree(step.A_Indices.uidx)})`,
      tree(node.arg),
    ),
}

function tree(node: Any): string {
  const [kind, value] = Object.entries(node)[0] as [string, Any]
  const rule = RULES[kind]
  if (rule === undefined) throw new Error(`no rule for ${kind}`)
  return rule(value)
}

/** AND in AND is one chain, also through brackets; NOT has one term. */
function boolTerms(node: Any): Any[] {
  if (node.boolop === 'NOT_EXPR') return node.args
  return node.args.flatMap((arg: Any) =>
    arg.BoolExpr?.boolop === node.boolop ? boolTerms(arg.BoolExpr) : [arg],
  )
}

function constant(node: Any): string {
  if (node.isnull) return 'null'
  if (node.sval !== undefined) return `'${node.sval.sval ?? ''}'`
  if (node.boolval !== undefined) return String(node.boolval.boolval ?? false)
  if (node.fval !== undefined) return String(Number(node.fval.fval))
  return String(node.ival.ival ?? 0)
}

const TYPES: Record<string, string> = { int4: 'int', int8: 'bigint', bool: 'boolean', date: 'date' }

function cast(node: Any): string {
  return `(cast ${tree(node.arg)} ${TYPES[text(node.typeName.names.at(-1))]})`
}

const PATTERNS: Record<string, string> = {
  AEXPR_LIKE: 'LIKE',
  AEXPR_ILIKE: 'ILIKE',
  AEXPR_SIMILAR: 'SIMILAR TO',
}

const negated = (isNegated: boolean, inner: string): string =>
  isNegated ? `(not ${inner})` : inner

function operator(node: Any): string {
  const name = text(node.name[0])
  const at = `@${node.location}`
  const left = node.lexpr === undefined ? '' : tree(node.lexpr)
  switch (node.kind) {
    case 'AEXPR_OP':
      // We read a plus before a number as part of it.
      if (name === '+' && left === '' && /^-?[\d.e+]+$/.test(tree(node.rexpr)))
        return tree(node.rexpr)
      return `(${name}${at} ${left === '' ? '' : `${left} `}${tree(node.rexpr)})`
    case 'AEXPR_DISTINCT':
      return `(IS DISTINCT FROM${at} ${left} ${tree(node.rexpr)})`
    case 'AEXPR_NOT_DISTINCT':
      return `(IS NOT DISTINCT FROM${at} ${left} ${tree(node.rexpr)})`
    case 'AEXPR_IN':
      return negated(name === '<>', `(in ${left} ${list(all(node.rexpr.List.items))})`)
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR': {
      const pattern = node.rexpr.FuncCall
      const isEscape = /_escape$/.test(text(pattern?.funcname.at(-1) ?? { String: { sval: '' } }))
      const right = isEscape ? all(pattern.args).join(' ') : tree(node.rexpr)
      return negated(name.startsWith('!'), `(${PATTERNS[node.kind]}${at} ${left} ${right})`)
    }
    default: {
      const isSymmetric = node.kind.endsWith('_SYM')
      const inner = `(BETWEEN${isSymmetric ? ' SYMMETRIC' : ''}${at} ${left} ${all(node.rexpr.List.items).join(' ')})`
      return negated(node.kind.includes('_NOT_'), inner)
    }
  }
}

function subLink(node: Any): string {
  const query = select(node.subselect.SelectStmt)
  switch (node.subLinkType) {
    case 'EXISTS_SUBLINK':
      return `(exists ${query})`
    case 'EXPR_SUBLINK':
      return query
    default: {
      const name = node.operName === undefined ? '=' : text(node.operName[0])
      const word = node.subLinkType === 'ANY_SUBLINK' ? 'ANY' : 'ALL'
      const arg = tree(node.testexpr)
      if (name === '=' && word === 'ANY') return `(in ${arg} ${query})`
      if (name === '<>' && word === 'ALL') return `(not (in ${arg} ${query}))`
      return `(${name} ${word}@${node.location} ${arg} ${query})`
    }
  }
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

function call(node: Any): string {
  const name = text(node.funcname.at(-1))
  const form = node.funcformat === 'COERCE_SQL_SYNTAX' ? FORMS[name] : undefined
  const args = node.agg_star ? ['*'] : all(node.args)
  if (form !== undefined) {
    const inner = form[1](args).join(' ')
    const isOperator = form[0] === 'AT TIME ZONE'
    return isOperator
      ? `(AT TIME ZONE@${node.location} ${inner})`
      : `(call ${form[0]}@${node.location} ${inner})`
  }
  const extras = [
    node.agg_distinct ? 'distinct' : '',
    node.agg_order === undefined ? '' : list(node.agg_order.map(order)),
    node.agg_filter === undefined ? '' : `(filter ${tree(node.agg_filter)})`,
    node.over === undefined
      ? ''
      : `(over ${list(all(node.over.partitionClause))} ${list((node.over.orderClause ?? []).map(order))})`,
  ]
  return `(call ${name}@${node.location} ${[args.join(' '), ...extras].filter((part) => part !== '').join(' ')})`
}
