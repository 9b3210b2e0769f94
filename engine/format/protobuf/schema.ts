/** Protobuf schemas: `.proto` texts as plain descriptions of messages. The one place that knows the
 *  library, which is loaded with the first schema. */

import { createRequire } from 'node:module'
import type protobufjs from 'protobufjs'
import { fail } from '../../base/errors.ts'

export type ProtoScalar =
  | 'double'
  | 'float'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'sfixed32'
  | 'int64'
  | 'uint64'
  | 'sint64'
  | 'fixed64'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'

export type ProtoType =
  | { readonly kind: ProtoScalar }
  | { readonly kind: 'enum'; readonly name: string; readonly numbers: ReadonlyMap<string, number> }
  | { readonly kind: 'message'; readonly message: ProtoMessage }

export interface ProtoField {
  readonly name: string
  readonly number: number
  /** Of a map: its values. */
  readonly type: ProtoType
  readonly label: 'required' | 'presence' | 'implicit' | 'repeated' | 'map'
  /** Of a map. */
  readonly key?: ProtoType | undefined
  readonly packed: boolean
  /** Fields of one `oneof` have the same. */
  readonly oneof?: string | undefined
  /** What it has when it is not there; undefined: of a message. */
  readonly default: boolean | number | bigint | string | Uint8Array | undefined
}

export interface ProtoMessage {
  /** With its package. */
  readonly name: string
  readonly fields: readonly ProtoField[]
}

/** A type as error messages call it. */
export const protoName = (type: ProtoType): string =>
  type.kind === 'message'
    ? `message ${type.message.name}`
    : type.kind === 'enum'
      ? `enum ${type.name}`
      : type.kind

export interface ProtoSource {
  readonly text: string
  /** The files that it imports, by name, each after those that it imports itself. Google's own
   *  (timestamp, wrappers, duration, struct, any, empty) need not be there. */
  readonly imports?: readonly { readonly name: string; readonly text: string }[]
}

/** A `.proto` text with what it imports. INVALID_VALUE with the reason if it is none. */
export function protoFile({ text, imports = [] }: ProtoSource): ProtoFile {
  const root = new (library().Root)()
  try {
    const given = new Set(imports.map(({ name }) => name))
    for (const file of imports) addFile(root, file.text, given)
    addFile(root, text, given)
    root.resolveAll()
    return new ProtoFile(root, ownPackage(text))
  } catch (error) {
    const tooDeep = error instanceof RangeError
    const reason = tooDeep ? 'it is nested too deeply' : (error as Error).message
    return fail('INVALID_VALUE', `No Protobuf schema: ${reason}`)
  }
}

/** The messages of one `.proto` text and of what it imports. */
export class ProtoFile {
  readonly #root: protobufjs.Root
  readonly #own: protobufjs.NamespaceBase
  readonly #messages = new Map<protobufjs.Type, ProtoMessage>()

  constructor(root: protobufjs.Root, own: protobufjs.NamespaceBase) {
    this.#root = root
    this.#own = own
  }

  /** The message of this full name; without one, the only one of the file. INVALID_VALUE if there
   *  is none. */
  message(name: string | undefined): ProtoMessage {
    const own = typesIn(this.#own)
    const wanted = name ?? (own.length === 1 ? own[0].fullName : '')
    const type = this.#find(wanted)
    if (type !== undefined) return this.#described(type)
    const names = own.map(({ fullName }) => fullName.slice(1)).join(', ')
    if (name !== undefined) {
      return fail('INVALID_VALUE', `There is no message ${name}; the schema has ${names}`)
    }
    return fail('INVALID_VALUE', `The schema has several messages: ${names}`)
  }

  /** The message that is found by going from the file's first messages inwards: [1, 0] is the first
   *  message inside the second. INVALID_VALUE if there is none. */
  messageAt(path: readonly number[]): ProtoMessage {
    let inside: protobufjs.NamespaceBase = this.#own
    for (const place of path) {
      inside = typesIn(inside)[place] ?? fail('INVALID_VALUE', `There is no message [${path}]`)
    }
    return this.message(inside.fullName.slice(1))
  }

  /** The inverse of `messageAt`. */
  pathOf({ name }: ProtoMessage): number[] {
    const find = (inside: protobufjs.NamespaceBase): number[] | undefined => {
      for (const [place, type] of typesIn(inside).entries()) {
        const rest = type.fullName === `.${name}` ? [] : find(type)
        if (rest !== undefined) return [place, ...rest]
      }
      return undefined
    }
    return find(this.#own) ?? fail('INVALID_VALUE', `The message ${name} is in another file`)
  }

  #find(name: string): protobufjs.Type | undefined {
    const found = name === '' ? null : this.#root.lookup(name.split('.'), library().Type, true)
    return found instanceof library().Type ? found : undefined
  }

  #described(type: protobufjs.Type): ProtoMessage {
    const known = this.#messages.get(type)
    if (known !== undefined) return known
    const fields: ProtoField[] = []
    const message = { name: type.fullName.slice(1), fields }
    this.#messages.set(type, message)
    // Groups, which nobody writes any more, count as unknown.
    for (const field of type.fieldsArray) if (!field.delimited) fields.push(this.#field(field))
    return message
  }

  #field(field: protobufjs.Field): ProtoField {
    const { name, id, packed, partOf, resolvedType } = field
    const type = this.#type(field.type, resolvedType)
    const isMap = field instanceof library().MapField
    const label = field.required
      ? 'required'
      : isMap
        ? 'map'
        : field.repeated
          ? 'repeated'
          : field.hasPresence || type.kind === 'message'
            ? 'presence'
            : 'implicit'
    // The library says it of all fields of a file.
    const canPack = type.kind !== 'message' && type.kind !== 'string' && type.kind !== 'bytes'
    return {
      ...{ name, number: id, type, label, packed: packed && canPack, oneof: partOf?.name },
      key: isMap ? { kind: (field as protobufjs.MapField).keyType as ProtoScalar } : undefined,
      default: defaultOf(field, type),
    }
  }

  #type(name: string, resolved: protobufjs.ReflectionObject | null): ProtoType {
    const { Type, Enum } = library()
    if (resolved instanceof Enum) {
      const numbers = new Map(Object.entries(resolved.values))
      return { kind: 'enum', name: resolved.fullName.slice(1), numbers }
    }
    if (!(resolved instanceof Type)) return { kind: name as ProtoScalar }
    return { kind: 'message', message: this.#described(resolved) }
  }
}

let loaded: typeof protobufjs | undefined

function library(): typeof protobufjs {
  loaded ??= createRequire(import.meta.url)('protobufjs') as typeof protobufjs
  return loaded
}

const typesIn = (inside: protobufjs.NamespaceBase): protobufjs.Type[] =>
  inside.nestedArray.filter((one) => one instanceof library().Type)

function addFile(root: protobufjs.Root, text: string, given: ReadonlySet<string>): void {
  const { parse, common } = library()
  const { imports = [], weakImports = [] } = parse(text, root, { keepCase: true })
  for (const name of [...imports, ...weakImports]) {
    if (given.has(name)) continue
    const file = common.get(name)
    if (file === null) fail('INVALID_VALUE', `it imports ${name}, which is not there`)
    root.addJSON(file.nested ?? {})
  }
}

/** The package of the file, with nothing else in it. */
function ownPackage(text: string): protobufjs.NamespaceBase {
  const { parse, Root } = library()
  const root = new Root()
  const { package: name } = parse(text, root, { keepCase: true })
  return name === undefined ? root : (root.lookup(name) as protobufjs.NamespaceBase)
}

function defaultOf(field: protobufjs.Field, type: ProtoType): ProtoField['default'] {
  const { defaultValue } = field
  // For an optional field of proto3 the library says null.
  if (type.kind === 'message' || defaultValue === null || field.repeated || field.map) {
    return zeroOf(type)
  }
  if (type.kind === 'bytes') return Uint8Array.from(defaultValue as Uint8Array)
  if (type.kind === 'enum') {
    return [...type.numbers].find(([, number]) => number === defaultValue)?.[0]
  }
  return typeof defaultValue === 'object' ? BigInt(String(defaultValue)) : defaultValue
}

/** What a field has that is not there, if its schema says nothing of it. */
export function zeroOf(type: ProtoType): ProtoField['default'] {
  switch (type.kind) {
    case 'message':
      return undefined
    case 'bool':
      return false
    case 'string':
      return ''
    case 'bytes':
      return new Uint8Array(0)
    case 'enum':
      return [...type.numbers.keys()][0]
    default:
      return 0
  }
}
