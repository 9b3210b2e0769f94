/** Writes docs/connectors.md and a page for each connector under docs/connectors/, from the
 *  connectors' specs and the files in examples/: `node scripts/connector-docs.ts`. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONNECTORS } from '../connectors/index.ts'
import { typeName } from '../engine/batch/types.ts'
import type { ConnectorSpec } from '../engine/source/connector-spec.ts'
import { type Guarantee, lookupText, readText, writeText } from '../engine/source/guarantee.ts'
import type { OptionSpec } from '../engine/source/option.ts'
import { EMBEDDED_CONNECTORS, TABLE_OPTIONS } from '../sql/index.ts'

const ROOT = join(import.meta.dirname, '..')
const MADE = 'made by `node scripts/connector-docs.ts`'

const HEAD = `# Connectors

A table reads from, or writes to, what its \`'connector'\` names; without one it is a stream of the embedded queue.
An option that a connector does not have is an error with the nearest name. These pages are ${MADE}
from the connectors' own option tables.

**exactly-once**: whatever is killed, every message counts once in every result. **at-least-once**: none is lost, and some may
count again after a failure. **at-most-once**: what comes while nobody listens is not seen. *By offset*: any position can be
read again, so the broker keeps nothing for us. *Through the embedded log*: messages are acknowledged when they are on our
disk, and queries read them from there. \`DESCRIBE\` says what a table promises with its options.
`

/** The pages' texts by their paths. */
export function connectorPages(): Map<string, string> {
  const specs = [...EMBEDDED_CONNECTORS.values(), ...CONNECTORS.values()]
  const pages = specs.map((spec) => [`docs/connectors/${spec.name}.md`, page(spec)] as const)
  return new Map([['docs/connectors.md', index(specs)], ...pages])
}

function index(specs: readonly ConnectorSpec[]): string {
  const rows = specs.map((spec) => {
    const ways = new Map<string, Set<string>>()
    for (const { way, text } of guarantees(spec))
      ways.set(way, (ways.get(way) ?? new Set()).add(text))
    const cell = (way: Guarantee['way']) => [...(ways.get(way) ?? [])].join('; ')
    const link = `[${spec.name}](connectors/${spec.name}.md)`
    return `| ${link} | ${cell('read')} | ${cell('written')} | ${cell('looked up')} |`
  })
  return [
    HEAD,
    '| connector | read | written | looked up |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Every table also takes:',
    '',
    optionTable(TABLE_OPTIONS),
  ].join('\n')
}

/** What the connector promises, in each of its ways; `when` says by which option. */
function guarantees({ source, sink, lookup }: ConnectorSpec): (Guarantee & { when: string })[] {
  const all: (Guarantee & { when: string })[] = []
  const add = (guarantee: Guarantee, option?: string, value?: string) =>
    all.push({ ...guarantee, when: option === undefined ? '' : `\`'${option}' = '${value}'\`` })
  if (source !== undefined && 'of' in source) {
    for (const [value, of] of Object.entries(source.of)) add(readText(of), source.option, value)
  } else if (source !== undefined) add(readText(source))
  if (sink !== undefined && 'of' in sink) {
    for (const [value, of] of Object.entries(sink.of)) add(writeText(of), sink.option, value)
  } else if (sink !== undefined) add(writeText(sink))
  if (lookup !== undefined) add(lookupText(lookup))
  return all
}

function page(spec: ConnectorSpec): string {
  const { name, doc, options, metadata = {} } = spec
  const keys = Object.entries(metadata)
  return [
    `# ${name}`,
    '',
    `${doc} ([All connectors](../connectors.md); this page is ${MADE}.)`,
    '',
    ...guaranteeTable(spec),
    ...example(name),
    ...(Object.keys(options).length === 0 ? [] : ['## Options', '', optionTable(options)]),
    ...(keys.length === 0 ? [] : ['## Metadata columns', '', metadataTable(keys)]),
  ].join('\n')
}

function guaranteeTable(spec: ConnectorSpec): string[] {
  const rows = guarantees(spec).map(({ way, text, when }) => `| ${way} | ${when} | ${text} |`)
  return ['| a table is | with | and promises |', '|---|---|---|', ...rows, '']
}

/** Connectors that share the example of another. */
const EXAMPLE_OF: Readonly<Record<string, string>> = { 'upsert-kafka': 'kafka' }

function example(name: string): string[] {
  const path = `examples/${EXAMPLE_OF[name] ?? name}.sql`
  if (!existsSync(join(ROOT, path))) return []
  const text = readFileSync(join(ROOT, path), 'utf8').trimEnd()
  return ['## Example', '', `\`${path}\`:`, '', '```sql', text, '```', '']
}

function metadataTable(keys: readonly [string, Parameters<typeof typeName>[0]][]): string {
  const rows = keys.map(([key, type]) => `| \`${key}\` | ${typeName(type)} |`)
  const head = ["| key | type of `column TYPE METADATA FROM 'key'` |", '|---|---|']
  return [...head, ...rows, ''].join('\n')
}

function optionTable(options: Readonly<Record<string, OptionSpec>>): string {
  const own = Object.entries(options).filter(([, { aliasOf }]) => aliasOf === undefined)
  const rows = own.map(
    ([name, option]) =>
      `| \`${name}\` | ${kindText(option)} | ${defaultText(option)} | ${cell(option.doc)} |`,
  )
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

/** A bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|')

const kindText = ({ kind, values, secret }: OptionSpec): string =>
  (kind === 'enum' ? (values ?? []).map((value) => `\`${value}\``).join(', ') : kind) +
  (secret ? ', secret' : '')

function defaultText({ default: value, required }: OptionSpec): string {
  if (required) return 'required'
  return value === undefined || value === '' ? '' : `\`${cell(value)}\``
}

/** The files that are there, by path. */
export function writtenPages(): Map<string, string> {
  const folder = readdirSync(join(ROOT, 'docs/connectors')).map((name) => `docs/connectors/${name}`)
  const paths = ['docs/connectors.md', ...folder]
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}

if (import.meta.main) {
  rmSync(join(ROOT, 'docs/connectors'), { recursive: true, force: true })
  mkdirSync(join(ROOT, 'docs/connectors'))
  for (const [path, text] of connectorPages()) writeFileSync(join(ROOT, path), text)
}
