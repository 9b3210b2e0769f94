/** Where to begin and to end, as options say it. */

import { fail } from '../../engine/base/errors.ts'

type Options = Readonly<Record<string, string>>

/** Of 'partition:0,offset:42;partition:1,offset:300': the offset by partition. INVALID_OPTION. */
export function offsetList(option: string, text: string): Map<number, number> {
  const offsets = new Map<number, number>()
  for (const part of text.split(';').filter((piece) => piece.trim() !== '')) {
    const match = /^\s*partition\s*:\s*(\d+)\s*,\s*offset\s*:\s*(\d+)\s*$/.exec(part)
    if (match === null || offsets.has(Number(match[1]))) {
      return fail('INVALID_OPTION', `'${part}' is no offset of a partition in '${option}'`, {
        hint: "It is a list such as 'partition:0,offset:42;partition:1,offset:300'.",
      })
    }
    offsets.set(Number(match[1]), Number(match[2]))
  }
  return offsets
}

/** One end of what is read. */
export type Bound =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'group' }
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'specific'; readonly offsets: ReadonlyMap<number, number> }

const KINDS = {
  'earliest-offset': 'earliest',
  'latest-offset': 'latest',
  'group-offsets': 'group',
} as const

/** Where a query begins that has no checkpoint. INVALID_OPTION. */
export function startBound(options: Options): Bound {
  const group = options['properties.group.id']
  const standard = group === undefined ? 'earliest-offset' : 'group-offsets'
  return bound('scan.startup', options, options['scan.startup.mode'] ?? standard)
}

/** Where the table ends; undefined: never. INVALID_OPTION. */
export function stopBound(options: Options): Bound | undefined {
  const mode = options['scan.bounded.mode'] ?? 'unbounded'
  return mode === 'unbounded' ? undefined : bound('scan.bounded', options, mode)
}

function bound(prefix: string, options: Options, mode: string): Bound {
  switch (mode) {
    case 'timestamp':
      return {
        kind: 'timestamp',
        timestampMs: Number(needed(options, prefix, mode, 'timestamp-millis')),
      }
    case 'specific-offsets': {
      const text = needed(options, prefix, mode, 'specific-offsets')
      return { kind: 'specific', offsets: offsetList(`${prefix}.specific-offsets`, text) }
    }
    case 'group-offsets':
      if (options['properties.group.id'] === undefined) {
        fail('INVALID_OPTION', `'${prefix}.mode' = '${mode}' needs 'properties.group.id'`)
      }
      return { kind: 'group' }
    default:
      return { kind: KINDS[mode as keyof typeof KINDS] }
  }
}

function needed(options: Options, prefix: string, mode: string, name: string): string {
  const option = `${prefix}.${name}`
  return (
    options[option] ??
    fail('INVALID_OPTION', `'${prefix}.mode' = '${mode}' needs '${option}'`, {
      hint: `Add '${option}'.`,
    })
  )
}

const MODE_OPTIONS = [
  ['scan.startup', 'timestamp', 'timestamp-millis'],
  ['scan.startup', 'specific-offsets', 'specific-offsets'],
  ['scan.bounded', 'timestamp', 'timestamp-millis'],
  ['scan.bounded', 'specific-offsets', 'specific-offsets'],
] as const

/** INVALID_OPTION for a mode that lacks what it needs, and for what belongs to another mode. */
export function checkBounds(options: Options): void {
  startBound(options)
  stopBound(options)
  for (const [prefix, mode, name] of MODE_OPTIONS) {
    const option = `${prefix}.${name}`
    if (options[option] === undefined || options[`${prefix}.mode`] === mode) continue
    fail('INVALID_OPTION', `'${option}' belongs to '${prefix}.mode' = '${mode}'`)
  }
  const isSpecific = ['scan.startup', 'scan.bounded'].some(
    (prefix) => options[`${prefix}.mode`] === 'specific-offsets',
  )
  if (isSpecific && (options.topic === undefined || options.topic.includes(';'))) {
    fail('INVALID_OPTION', "Specific offsets need 'topic' to be one topic")
  }
}
