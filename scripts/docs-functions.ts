/** Writes docs/functions.md from the entries of the scalar functions. A test checks that the file
 *  is what this writes, and that every example in it parses and gives what it says. */

import { writeFileSync } from 'node:fs'
import type { Example, Family, ScalarFunction } from '../engine/expr/function.ts'
import { FUNCTIONS } from '../engine/expr/functions/index.ts'
import { literalSql } from '../engine/expr/literal-sql.ts'

const TITLES: Record<Family, string> = {
  comparison: 'Comparison',
  logic: 'Logic',
  arithmetic: 'Arithmetic',
  math: 'Numbers',
  conditional: 'Choice',
  string: 'Text',
  pattern: 'Patterns',
  temporal: 'Dates and times',
  collection: 'Arrays, maps and rows',
  json: 'JSON',
  hashing: 'Hashing and masking',
  conversion: 'Types',
}

const INTRO = `# Scalar functions and operators

<!-- Written by scripts/docs-functions.ts from the entries in engine/expr/functions. -->

Unless a function says otherwise, it is NULL if one of its arguments is. Where an argument needs
another type, what converts without loss is converted; everything else needs a CAST. A number that
does not fit, a division by zero and the like are errors, never wrong values.

Conversions are written \`CAST(x AS type)\`, \`x::type\`, or \`TRY_CAST(x AS type)\`, which gives NULL
where CAST fails. \`CASE WHEN … THEN … ELSE … END\` evaluates only the branch it takes.

The time zone is UTC unless \`table.local-time-zone\` says otherwise: it decides how TIMESTAMP_LTZ is
read on a wall clock.
`

/** The whole page. */
export function functionsPage(): string {
  const families = Object.keys(TITLES) as Family[]
  return [INTRO, ...families.map(familySection)].join('\n').replace(/\n{3,}/g, '\n\n')
}

function familySection(family: Family): string {
  const entries = FUNCTIONS.filter((entry) => entry.family === family && !entry.internal)
  return `## ${TITLES[family]}\n\n${entries.map(functionSection).join('\n')}`
}

function functionSection(entry: ScalarFunction): string {
  const aliases = entry.aliases ?? []
  const also = aliases.length === 0 ? '' : ` Also called ${aliases.map(code).join(', ')}.`
  const forms = entry.syntax.map((form) => code(form)).join(' · ')
  const examples = entry.examples.map(
    (example) => `| ${cell(exampleSql(entry, example))} | ${cell(example.result)} |`,
  )
  examples.push(
    ...(entry.forms ?? []).map(({ sql, result }) => `| ${cell(sql)} | ${cell(result)} |`),
  )
  const table = examples.length === 0 ? [] : ['', '| Example | Result |', '|---|---|', ...examples]
  const text = `${entry.doc}${also}${nullRule(entry)}`
  return [`### ${heading(entry.name)}`, '', forms, '', text, ...table, ''].join('\n')
}

/** NULL rules that are not the usual one. */
function nullRule(entry: ScalarFunction): string {
  if (entry.nulls === 'lazy' || entry.nulls === 'macro') return ''
  if (entry.nullable === 'never') return ' Never NULL.'
  return entry.nulls === 'custom' ? ' NULL arguments count as described.' : ''
}

const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)
const cell = (text: string): string => code(text.replaceAll('|', '\\|').replaceAll('\n', '\\n'))
const heading = (name: string): string => (/^[A-Z]/.test(name) ? name : code(name))

const WORDS_BETWEEN: Readonly<Record<string, string>> = {
  BETWEEN: 'AND',
  'BETWEEN SYMMETRIC': 'AND',
  'NOT BETWEEN': 'AND',
  LIKE: 'ESCAPE',
  'NOT LIKE': 'ESCAPE',
  ILIKE: 'ESCAPE',
  'NOT ILIKE': 'ESCAPE',
  'SIMILAR TO': 'ESCAPE',
  'NOT SIMILAR TO': 'ESCAPE',
}

const INFIX = /^(?:\W+|AND|OR|IS (?:NOT )?DISTINCT FROM|AT TIME ZONE)$/

/** The example as SQL. */
export function exampleSql({ name }: ScalarFunction, { args }: Example): string {
  const parts = args.map(({ value, type }) => literalSql(value, type))
  const [first, ...rest] = parts
  if (name === '.') return `(${first}).${String(args[1].value)}`
  if (name === '[]') return `${first}[${rest[0]}]`
  if (name === 'ARRAY' || name === 'MAP') return `${name}[${parts.join(', ')}]`
  if (name === 'EXTRACT') return `EXTRACT(${String(args[0].value)} FROM ${rest[0]})`
  if (name === 'IN' || name === 'NOT IN') return `${first} ${name} (${rest.join(', ')})`
  if (name in WORDS_BETWEEN) return `${first} ${name} ${rest.join(` ${WORDS_BETWEEN[name]} `)}`
  if (/ (?:ANY|ALL)$/.test(name)) return `${first} ${name} (${rest[0]})`
  if (/^IS /.test(name) && rest.length === 0) return `${first} ${name}`
  if (INFIX.test(name))
    return rest.length === 0 ? `${name} ${first}` : `${first} ${name} ${rest[0]}`
  return name === 'NOT' ? `NOT ${first}` : `${name}(${parts.join(', ')})`
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/functions.md', import.meta.url), functionsPage())
}
