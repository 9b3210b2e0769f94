/** Avro schemas: their JSON as a tree of types, names resolved. Logical types that do not fit their
 *  type are no more than that type, as the specification wants it. */

import { fail } from '../../base/errors.ts'

export interface AvroNamed {
  /** With its namespace. */
  readonly name: string
  readonly aliases: readonly string[]
}

/** What the value means, by its name in the specification. */
export type Logical =
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly name: Exclude<(typeof LOGICAL_NAMES)[number], 'decimal'> }

const LOGICAL_NAMES = [
  'decimal',
  'uuid',
  'date',
  'time-millis',
  'time-micros',
  'timestamp-millis',
  'timestamp-micros',
  'timestamp-nanos',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'local-timestamp-nanos',
] as const

export type AvroPrimitive =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'string'

type Primitives = {
  readonly [K in AvroPrimitive]: { readonly kind: K; readonly logical?: Logical | undefined }
}

export type AvroType =
  | Primitives[AvroPrimitive]
  | ({
      readonly kind: 'fixed'
      readonly size: number
      readonly logical?: Logical | undefined
    } & AvroNamed)
  | ({
      readonly kind: 'enum'
      readonly symbols: readonly string[]
      /** For symbols that a reader does not have. */
      readonly default?: string | undefined
    } & AvroNamed)
  | AvroRecord
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }

export type AvroRecord = {
  readonly kind: 'record'
  readonly fields: readonly AvroField[]
} & AvroNamed

export interface AvroField {
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: AvroType
  /** JSON; undefined: there is none. */
  readonly default?: unknown
}

/** A union's branches; of any other type itself. */
export const branchesOf = (type: AvroType): readonly AvroType[] =>
  type.kind === 'union' ? type.branches : [type]

/** A type as error messages call it. */
export const avroName = (type: AvroType): string => {
  if ('name' in type) return `${type.kind} ${type.name}`
  if (type.kind === 'union') return `union of ${type.branches.map(avroName).join(', ')}`
  return 'logical' in type && type.logical ? `${type.kind} (${type.logical.name})` : type.kind
}

/** The name without its namespace. */
export const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

/** The type of a schema's JSON text. `named`: schemas that it refers to, in an order in which each
 *  comes after those that it needs. INVALID_VALUE with the reason if it is no schema. */
export function parseAvroSchema(text: string, named: readonly string[] = []): AvroType {
  const parser = new SchemaParser()
  try {
    for (const other of named) parser.type(JSON.parse(other), '')
    return parser.type(JSON.parse(text), '')
  } catch (error) {
    if (error instanceof SyntaxError) return invalid('it is not JSON')
    if (error instanceof RangeError) return invalid('it is nested too deeply')
    throw error
  }
}

const invalid = (reason: string): never => fail('INVALID_VALUE', `No Avro schema: ${reason}`)

type Json = Readonly<Record<string, unknown>>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const PRIMITIVES: ReadonlySet<string> = new Set([
  ...['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'],
])
const NAME = /^[A-Za-z_]\w*$/
const FULL_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/

class SchemaParser {
  readonly #types = new Map<string, AvroType>()

  type(json: unknown, namespace: string): AvroType {
    if (typeof json === 'string') return this.#byName(json, namespace)
    if (Array.isArray(json)) return this.#union(json, namespace)
    if (typeof json !== 'object' || json === null) return invalid(`${JSON.stringify(json)}`)
    const schema = json as Json
    switch (schema.type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace)
      case 'enum':
        return this.#enum(schema, namespace)
      case 'fixed':
        return this.#fixed(schema, namespace)
      case 'array':
        return { kind: 'array', items: this.type(schema.items, namespace) }
      case 'map':
        return { kind: 'map', values: this.type(schema.values, namespace) }
      default:
        return this.#annotated(schema, namespace)
    }
  }

  #byName(name: string, namespace: string): AvroType {
    if (PRIMITIVES.has(name)) return { kind: name as 'null' }
    const full = fullName(name, namespace)
    return this.#types.get(full) ?? this.#types.get(name) ?? invalid(`there is no type '${name}'`)
  }

  /** A type with a logical type, or one that merely stands in an object. */
  #annotated(schema: Json, namespace: string): AvroType {
    const type = this.type(schema.type, namespace)
    if (!PRIMITIVES.has(type.kind)) return type
    const kind = type.kind as 'null'
    const logical = logicalOf(schema, kind)
    return logical === undefined ? { kind } : { kind, logical }
  }

  #union(json: readonly unknown[], namespace: string): AvroType {
    const branches = json.map((branch) => this.type(branch, namespace))
    const names = branches.map((branch) => ('name' in branch ? branch.name : branch.kind))
    if (names.includes('union')) invalid('a union is directly in a union')
    if (new Set(names).size < names.length) invalid(`a union has ${names.join(', ')}`)
    return { kind: 'union', branches }
  }

  #fixed(schema: Json, namespace: string): AvroType {
    const { size } = schema
    if (!Number.isInteger(size) || (size as number) < 0) invalid('a fixed type needs a size')
    const logical = logicalOf(schema, 'fixed', size as number)
    const kind = 'fixed' as const
    return this.#add({ kind, ...namesOf(schema, namespace), size: size as number, logical })
  }

  #enum(schema: Json, namespace: string): AvroType {
    const symbols = textsOf(schema.symbols)
    if (symbols === undefined || new Set(symbols).size < symbols.length) {
      return invalid('an enum needs symbols, each once')
    }
    const fallback = schema.default
    if (fallback !== undefined && !symbols.includes(fallback as string)) {
      invalid(`${JSON.stringify(fallback)} is none of the enum's symbols`)
    }
    const kind = 'enum' as const
    const named = namesOf(schema, namespace)
    return this.#add({ kind, ...named, symbols, default: fallback as string | undefined })
  }

  #record(schema: Json, namespace: string): AvroType {
    const fields: AvroField[] = []
    const named = namesOf(schema, namespace)
    const record = this.#add({ kind: 'record', ...named, fields } as const)
    if (!Array.isArray(schema.fields)) return invalid(`the record ${named.name} has no fields`)
    for (const field of schema.fields as readonly Json[]) {
      const { name, type, default: fallback } = field ?? {}
      if (typeof name !== 'string' || !NAME.test(name))
        invalid(`a field of ${named.name} has no name`)
      const inner = this.type(type, named.name.slice(0, Math.max(named.name.lastIndexOf('.'), 0)))
      const aliases = textsOf(field.aliases ?? []) ?? []
      fields.push({ name: name as string, aliases, type: inner, default: fallback })
    }
    const names = fields.map(({ name }) => name)
    if (new Set(names).size < names.length) invalid(`two fields of ${named.name} have one name`)
    return record
  }

  #add<T extends Mutable<AvroType & AvroNamed>>(type: T): T {
    if (this.#types.has(type.name)) invalid(`the name ${type.name} is defined twice`)
    this.#types.set(type.name, type)
    return type
  }
}

function namesOf(schema: Json, outer: string): AvroNamed {
  const { name, namespace = outer } = schema
  if (typeof name !== 'string' || !FULL_NAME.test(name) || typeof namespace !== 'string') {
    return invalid(`${JSON.stringify(name)} is no name`)
  }
  if (namespace !== '' && !FULL_NAME.test(namespace)) invalid(`'${namespace}' is no namespace`)
  const full = fullName(name, namespace)
  const space = full.slice(0, Math.max(full.lastIndexOf('.'), 0))
  return {
    name: full,
    aliases: (textsOf(schema.aliases ?? []) ?? []).map((a) => fullName(a, space)),
  }
}

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`

function textsOf(json: unknown): string[] | undefined {
  if (!Array.isArray(json) || !json.every((item) => typeof item === 'string')) return undefined
  return json as string[]
}

/** The type that each logical type needs. */
const LOGICAL_KINDS: Readonly<Record<(typeof LOGICAL_NAMES)[number], readonly string[]>> = {
  decimal: ['bytes', 'fixed'],
  uuid: ['string', 'fixed'],
  date: ['int'],
  'time-millis': ['int'],
  'time-micros': ['long'],
  'timestamp-millis': ['long'],
  'timestamp-micros': ['long'],
  'timestamp-nanos': ['long'],
  'local-timestamp-millis': ['long'],
  'local-timestamp-micros': ['long'],
  'local-timestamp-nanos': ['long'],
}

function logicalOf(schema: Json, kind: string, size?: number): Logical | undefined {
  const name = LOGICAL_NAMES.find((known) => known === schema.logicalType)
  if (name === undefined || !LOGICAL_KINDS[name].includes(kind)) return undefined
  if (name !== 'decimal')
    return name === 'uuid' && size !== undefined && size !== 16 ? undefined : { name }
  const { precision, scale = 0 } = schema
  const isGood =
    Number.isInteger(precision) &&
    Number.isInteger(scale) &&
    (scale as number) >= 0 &&
    (precision as number) >= Math.max(scale as number, 1)
  return isGood ? { name, precision: precision as number, scale: scale as number } : undefined
}
