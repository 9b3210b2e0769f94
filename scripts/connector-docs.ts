/** Writes docs/connectors.md from the connectors' specs: `node scripts/connector-docs.ts`. With
 *  `--check` it only says whether the page is up to date. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONNECTORS } from '../connectors/index.ts'
import { typeName } from '../engine/batch/types.ts'
import type { ConnectorSpec } from '../engine/source/connector-spec.ts'
import type { OptionSpec } from '../engine/source/option.ts'
import { EMBEDDED_CONNECTORS, TABLE_OPTIONS } from '../sql/index.ts'

const FILE = join(import.meta.dirname, '../docs/connectors.md')

const HEAD = `# Connectors

A table reads from, or writes to, what its \`'connector'\` names; without one it is a stream of the embedded queue.
An option that a connector does not have is an error with the nearest name. This page is made from the connectors'
own option tables by \`node scripts/connector-docs.ts\`.

Every table also takes:
`

/** The whole page. */
export function connectorPage(): string {
  const specs = [...EMBEDDED_CONNECTORS.values(), ...CONNECTORS.values()]
  return `${HEAD}\n${optionTable(TABLE_OPTIONS)}\n${specs.map(section).join('\n')}`
}

function section(spec: ConnectorSpec): string {
  const { name, doc, options, metadata = {}, source, sink } = spec
  const reads = source
    ? `read (${source.replay === 'log' ? 'through the embedded log' : 'any offset again'})`
    : ''
  const writes = sink ? `written by \`INSERT INTO … SELECT\` (${sink.delivery})` : ''
  const keys = Object.entries(metadata).map(([key, type]) => `\`${key}\` ${typeName(type)}`)
  return [
    `## ${name}\n`,
    `${doc}\n`,
    `Can be ${[reads, writes].filter((part) => part !== '').join(' and ')}.\n`,
    ...(keys.length > 0 ? [`Metadata columns: ${keys.join(', ')}.\n`] : []),
    ...(Object.keys(options).length > 0 ? [optionTable(options)] : []),
  ].join('\n')
}

function optionTable(options: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(options).map(
    ([name, option]) =>
      `| \`${name}\` | ${kindText(option)} | ${defaultText(option)} | ${option.doc} |`,
  )
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

const kindText = ({ kind, values, secret }: OptionSpec): string =>
  (kind === 'enum' ? (values ?? []).map((value) => `\`${value}\``).join(', ') : kind) +
  (secret ? ', secret' : '')

function defaultText({ default: value, required }: OptionSpec): string {
  if (required) return 'required'
  return value === undefined || value === '' ? '' : `\`${value}\``
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--check')) {
    process.exitCode = readFileSync(FILE, 'utf8') === connectorPage() ? 0 : 1
  } else writeFileSync(FILE, connectorPage())
}
