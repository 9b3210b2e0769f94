/** A client of a schema registry that speaks Confluent's REST API: schemas by id, and ids of
 *  schemas that are written. A schema never changes under its id, so each is asked for once. */

import { systemClock } from '../base/clock.ts'
import { fail, SqlError } from '../base/errors.ts'

export interface RegisteredSchema {
  /** AVRO, PROTOBUF or JSON. */
  readonly type: string
  readonly text: string
  /** Schemas that it refers to, each after those that it needs itself. */
  readonly references: readonly NamedSchema[]
}

export interface NamedSchema {
  /** As the schemas that refer to it call it. */
  readonly name: string
  readonly text: string
}

export interface RegistrySettings {
  readonly url: string
  /** `user:password` */
  readonly user?: string | undefined
  readonly token?: string | undefined
}

const TIMEOUT_MS = 10_000
const BODY_BYTES_MAX = 16 * 1024 * 1024
const REFERENCES_MAX = 1000
const AT_ONCE = 8
/** An id that the registry does not have is asked for again after this long. */
const UNKNOWN_US = 10_000_000

const registries = new Map<string, SchemaRegistry>()

/** The client for these settings: one for all tables, so that they share its schemas. */
export function schemaRegistry(settings: RegistrySettings): SchemaRegistry {
  const { url, user = '', token = '' } = settings
  const key = JSON.stringify([url, user, token])
  const known = registries.get(key) ?? new SchemaRegistry(settings)
  registries.set(key, known)
  return known
}

export class SchemaRegistry {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #schemas = new Map<number, RegisteredSchema>()
  readonly #unknownUntilUs = new Map<number, number>()

  constructor({ url, user, token }: RegistrySettings) {
    this.#url = url.replace(/\/+$/, '')
    const basic = user && `Basic ${Buffer.from(user).toString('base64')}`
    const authorization = basic ?? (token && `Bearer ${token}`)
    this.#headers = {
      accept: 'application/vnd.schemaregistry.v1+json',
      ...(authorization === undefined ? {} : { authorization }),
    }
  }

  /** undefined: it was not loaded, or there is none. */
  schema(id: number): RegisteredSchema | undefined {
    return this.#schemas.get(id)
  }

  /** Whether `load` has nothing to do for an id. */
  isSettled(id: number): boolean {
    return (
      this.#schemas.has(id) || (this.#unknownUntilUs.get(id) ?? -Infinity) > systemClock.nowUs()
    )
  }

  /** Asks for schemas. CONNECTOR_FAILED if the registry cannot be reached or does not answer as one
   *  should; that it has no such schema is an answer. */
  async load(ids: Iterable<number>): Promise<void> {
    const left = [...ids]
    const loadAll = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined; id = left.pop()) await this.#load(id)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, loadAll))
  }

  async #load(id: number): Promise<void> {
    const answer = await this.#ask(`/schemas/ids/${id}`)
    if (answer !== undefined) {
      this.#schemas.set(id, await this.#resolved(answer))
      return
    }
    if (this.#unknownUntilUs.size > 10_000) this.#unknownUntilUs.clear()
    this.#unknownUntilUs.set(id, systemClock.nowUs() + UNKNOWN_US)
  }

  async #resolved(answer: Answer): Promise<RegisteredSchema> {
    const references = new Map<string, string>()
    await this.#follow(answer, references)
    return {
      type: typeof answer.schemaType === 'string' ? answer.schemaType : 'AVRO',
      text: textOf(this.#url, answer),
      references: [...references].map(([name, text]) => ({ name, text })),
    }
  }

  async #follow({ references }: Answer, into: Map<string, string>): Promise<void> {
    for (const { name, subject, version } of (references ?? []) as readonly Reference[]) {
      if (into.has(name) || into.size > REFERENCES_MAX) continue
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const answer = await this.#ask(path)
      if (answer === undefined) {
        throw this.#failure(`there is no version ${version} of '${subject}', which a schema needs`)
      }
      // It holds its place, so that a circle ends; and then it stands behind what it needs.
      into.set(name, '')
      await this.#follow(answer, into)
      into.delete(name)
      into.set(name, textOf(this.#url, answer))
    }
  }

  /** The id of a schema under a subject, which is added to it if it is not there. INVALID_OPTION
   *  if the registry refuses it, as one that does not go with those before. */
  async register(subject: string, type: string, schema: string): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`
    const body = type === 'AVRO' ? { schema } : { schema, schemaType: type }
    const answer = await this.#ask(path, JSON.stringify(body))
    if (typeof answer?.id !== 'number') throw this.#failure('it gave no id to a schema')
    return answer.id
  }

  /** undefined: 404. */
  async #ask(path: string, body?: string): Promise<Answer | undefined> {
    const { status, text } = await this.#fetch(path, body)
    const answer = parsed(text)
    if (status === 404 && body === undefined) return undefined
    if (status >= 200 && status < 300 && answer !== undefined) return answer
    const reason = typeof answer?.message === 'string' ? `: ${answer.message}` : ''
    if (body !== undefined && (status === 409 || status === 422)) {
      fail('INVALID_OPTION', `The schema registry refuses the schema (${status})${reason}`, {
        hint: 'See the compatibility rule of the subject.',
      })
    }
    throw this.#failure(`it answered ${status}${reason}`)
  }

  async #fetch(path: string, body?: string): Promise<{ status: number; text: string }> {
    const type = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    try {
      const response = await fetch(`${this.#url}${path}`, {
        ...(body === undefined ? {} : { method: 'POST', body }),
        headers: { ...this.#headers, ...(body === undefined ? {} : type) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return { status: response.status, text: await bodyOf(response) }
    } catch (error) {
      if (error instanceof SqlError) throw error
      const { message, cause } = error as Error
      throw this.#failure(cause instanceof Error && cause.message !== '' ? cause.message : message)
    }
  }

  #failure(reason: string): SqlError {
    return new SqlError('CONNECTOR_FAILED', `The schema registry at ${this.#url}: ${reason}`)
  }
}

interface Answer {
  readonly id?: unknown
  readonly schema?: unknown
  readonly schemaType?: unknown
  readonly references?: unknown
  readonly message?: unknown
}

interface Reference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

function textOf(url: string, { schema }: Answer): string {
  if (typeof schema === 'string') return schema
  return fail('CONNECTOR_FAILED', `The schema registry at ${url}: an answer has no schema`)
}

function parsed(text: string): Answer | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined
  }
}

async function bodyOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part)
    length += part.length
    if (length > BODY_BYTES_MAX) throw new Error('its answer is too long')
  }
  return Buffer.concat(parts).toString()
}
