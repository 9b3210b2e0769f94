/** The catalog: every table, view, materialized view and named query by name and by id, and who
 *  depends on whom. In memory; `toJSON` gives what a server has to keep to build it again. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import type { TableLayout } from '../../engine/source/layout.ts'
import { sideOwner } from '../../engine/source/side-table.ts'
import type { Name } from '../ast.ts'
import { type Session, sessionToSave } from '../session.ts'
import {
  type Entry,
  type EntryKind,
  type FunctionEntry,
  kindText,
  type RelationEntry,
  type TableEntry,
  type TabularEntry,
} from './entry.ts'
import { findName } from './find-name.ts'
import { sideEntry } from './side-entry.ts'

/** An entry as it is kept: the text is planned again on the way back. */
export interface SavedEntry {
  readonly kind: EntryKind
  readonly id: string
  readonly name: string
  readonly sql: string
  /** Where it is not the default. */
  readonly session?: Partial<Session> | undefined
  /** Of a table that was altered. */
  readonly layout?: TableLayout | undefined
  /** See QueryEntry. */
  readonly startedBy?: string | undefined
}

export interface SavedCatalog {
  readonly version: 1
  /** The number in the next id. */
  readonly nextId: number
  /** In an order in which every entry comes after those it depends on. */
  readonly entries: readonly SavedEntry[]
}

const ID_PREFIX: Record<EntryKind, string> = {
  table: 't',
  view: 'v',
  'materialized-view': 'm',
  query: 'q',
  function: 'f',
}

const NAME_LENGTH_MAX = 255

/** All kinds but functions share one namespace, because a result is read by name whatever it comes
 *  from. */
export class Catalog {
  readonly #byName = new Map<string, TabularEntry>()
  readonly #functions = new Map<string, FunctionEntry>()
  readonly #byId = new Map<string, Entry>()
  #nextId: number

  constructor(nextId = 1) {
    this.#nextId = nextId
  }

  /** A fresh id. Counts up for ever: the server must save the catalog before it uses the id for
   *  anything that lasts. */
  newId(kind: EntryKind): string {
    return `${ID_PREFIX[kind]}${this.#nextId++}`
  }

  /** All entries of a kind (default: of every kind) in order of creation. */
  list<Kind extends EntryKind = EntryKind>(kind?: Kind): Extract<Entry, { kind: Kind }>[] {
    const entries = [...this.#byId.values()]
    return entries.filter((entry) => kind === undefined || entry.kind === kind) as Extract<
      Entry,
      { kind: Kind }
    >[]
  }

  byId(id: string): Entry | undefined {
    return this.#byId.get(id)
  }

  /** The entry of this name, functions aside: exactly first, then ignoring case if that leaves one.
   *  AMBIGUOUS_NAME if it leaves several; undefined if there is none. */
  find(name: string, at?: Span): TabularEntry | undefined {
    return this.#findIn(this.#byName, name, at)
  }

  /** The function of this name, likewise. */
  findFunction(name: string, at?: Span): FunctionEntry | undefined {
    return this.#findIn(this.#functions, name, at)
  }

  #findIn<E extends Entry>(map: ReadonlyMap<string, E>, name: string, at?: Span): E | undefined {
    const exact = map.get(name)
    if (exact !== undefined) return exact
    const found = findName(name, map.values(), (entry) => entry.name)
    if (found.length > 1) {
      fail('AMBIGUOUS_NAME', `${name} could mean ${found.map((e) => e.name).join(' or ')}`, {
        at,
        hint: `Write the name as it was created, in double quotes.`,
      })
    }
    return found[0]
  }

  /** What a FROM clause names. UNKNOWN_TABLE if there is none, or if it is a query. */
  relation(name: Name): RelationEntry {
    const entry = this.find(name.text, name.at) ?? this.#side(name)
    if (entry === undefined) {
      const names = [...this.#byName.values()].flatMap((e) => (e.kind === 'query' ? [] : [e.name]))
      const hint = didYouMean(name.text, names) ?? 'SHOW TABLES and SHOW VIEWS list what there is.'
      fail('UNKNOWN_TABLE', `There is no table or view ${name.text}`, { at: name.at, hint })
    }
    if (entry.kind === 'query') {
      fail('UNKNOWN_TABLE', `${entry.name} is a query, not a table or a view`, {
        at: name.at,
        hint: 'Create it as a materialized view to read its result in other queries.',
      })
    }
    return entry
  }

  /** The side table that the name means, if it means one. */
  #side(name: Name): TableEntry | undefined {
    const owner = sideOwner(name.text)
    const table = owner === undefined ? undefined : this.find(owner, name.at)
    return table?.kind === 'table' ? sideEntry(table, name) : undefined
  }

  /** The entry of this kind and name. UNKNOWN_QUERY, UNKNOWN_FUNCTION or UNKNOWN_TABLE if there is
   *  none. */
  expect<Kind extends EntryKind>(kind: Kind, name: Name): Extract<Entry, { kind: Kind }> {
    const entry: Entry | undefined =
      kind === 'function' ? this.findFunction(name.text, name.at) : this.find(name.text, name.at)
    if (entry?.kind === kind) return entry as Extract<Entry, { kind: Kind }>
    const code =
      kind === 'query'
        ? 'UNKNOWN_QUERY'
        : kind === 'function'
          ? 'UNKNOWN_FUNCTION'
          : 'UNKNOWN_TABLE'
    if (entry !== undefined) {
      const is = kindText(entry.kind)
      fail(code, `${entry.name} is a ${is}, not a ${kindText(kind)}`, { at: name.at })
    }
    if (kind === 'table' && this.#side(name) !== undefined) {
      fail('UNSUPPORTED', `${name.text} is kept by Millrace itself and can only be read`, {
        at: name.at,
        hint: 'SELECT from it, or subscribe to a query over it.',
      })
    }
    const hint = didYouMean(
      name.text,
      this.list(kind).map((e) => e.name),
    )
    fail(code, `There is no ${kindText(kind)} ${name.text}`, { at: name.at, hint })
  }

  /** Refuses a name that a new entry (a function, or anything else) cannot have: DUPLICATE_NAME,
   *  INVALID_ARGUMENT. */
  checkFree(name: Name, kind?: EntryKind): void {
    const { text, at } = name
    const taken = kind === 'function' ? this.findFunction(text) : this.#byName.get(text)
    if (taken !== undefined) {
      fail('DUPLICATE_NAME', `There is already a ${kindText(taken.kind)} ${text}`, { at })
    }
    if (text === '' || text.length > NAME_LENGTH_MAX) {
      fail('INVALID_ARGUMENT', `A name has 1 to ${NAME_LENGTH_MAX} characters`, { at })
    }
    if (text.includes('$')) {
      fail('INVALID_ARGUMENT', `The name ${text} is not allowed`, {
        at,
        hint: 'A $ marks the tables that Millrace keeps itself, such as "orders$late".',
      })
    }
  }

  /** Adds an entry. DUPLICATE_NAME if its name is taken. UNSUPPORTED if it lasts but reads a
   *  temporary view. */
  add(entry: Entry, at?: Span): void {
    this.checkFree({ text: entry.name, at: at ?? { offset: 0, length: 0 } }, entry.kind)
    if (!isTemporary(entry)) {
      for (const id of entry.dependsOn) {
        const other = this.#byId.get(id)
        if (other === undefined || !isTemporary(other)) continue
        fail(
          'UNSUPPORTED',
          `The ${kindText(entry.kind)} ${entry.name} cannot use the temporary ${kindText(other.kind)} ${other.name}`,
          { at, hint: `Create ${other.name} without TEMPORARY.` },
        )
      }
    }
    if (entry.kind === 'function') this.#functions.set(entry.name, entry)
    else this.#byName.set(entry.name, entry)
    this.#byId.set(entry.id, entry)
  }

  /** Puts an entry in the place of the one with its id, which may have another name. */
  replace(entry: TabularEntry): void {
    const old = this.#byId.get(entry.id)
    if (old !== undefined) this.#byName.delete(old.name)
    this.#byName.set(entry.name, entry)
    this.#byId.set(entry.id, entry)
  }

  /** Entries whose statement names this one. */
  dependentsOf(id: string): Entry[] {
    return this.list().filter((entry) => entry.dependsOn.includes(id))
  }

  /** Refuses with IN_USE, listing them, if other entries read this one. */
  checkUnused(entry: Entry, at?: Span): void {
    const users = this.dependentsOf(entry.id)
    if (users.length === 0) return
    const list = users.map((user) => `${kindText(user.kind)} ${user.name}`).join(', ')
    const use = entry.kind === 'function' ? 'called' : 'read'
    fail('IN_USE', `The ${kindText(entry.kind)} ${entry.name} is ${use} by ${list}`, {
      at,
      hint: `Drop ${users.length === 1 ? 'it' : 'them'} first.`,
      details: { dependents: users.map((user) => user.name) },
    })
  }

  /** Removes an entry that nothing reads; IN_USE otherwise. */
  remove(entry: Entry, at?: Span): void {
    this.checkUnused(entry, at)
    if (entry.kind === 'function') this.#functions.delete(entry.name)
    else this.#byName.delete(entry.name)
    this.#byId.delete(entry.id)
  }

  /** Everything that lasts. Temporary views and functions are left out. */
  toJSON(): SavedCatalog {
    const lasting = this.list().filter((entry) => !isTemporary(entry))
    return {
      version: 1,
      nextId: this.#nextId,
      entries: lasting.map(savedEntry),
    }
  }

  /** Another catalog with the same entries, to try changes on. */
  copy(): Catalog {
    const copy = new Catalog(this.#nextId)
    for (const entry of this.list()) copy.add(entry)
    return copy
  }
}

/** The entry as it is kept. */
export function savedEntry(entry: Entry): SavedEntry {
  const { kind, id, name, sql } = entry
  const session = sessionToSave(entry.session)
  const layout = entry.kind === 'table' ? entry.spec.layout : undefined
  const startedBy = entry.kind === 'query' ? entry.startedBy : undefined
  return {
    ...{ kind, id, name, sql },
    ...(session === undefined ? {} : { session }),
    ...(layout === undefined ? {} : { layout }),
    ...(startedBy === undefined ? {} : { startedBy }),
  }
}

const isTemporary = (entry: Entry): boolean => 'temporary' in entry && entry.temporary
