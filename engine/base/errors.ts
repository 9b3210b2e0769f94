/** The one error class of Millrace and the table of all its codes. A code is API: clients may
 *  switch on it. The table says whose fault an error is, whether a retry can help, and the HTTP
 *  status it travels with. Raise errors only through `fail`. */

/** A half-open piece of the statement text, in UTF-16 code units from its start. */
export interface Span {
  readonly offset: number
  readonly length: number
}

/** Where an error is, for people: both numbers count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly length: number
}

export type Fault = 'user' | 'external' | 'internal'
export type Retry = 'never' | 'backoff'

interface CodeInfo {
  readonly status: number
  readonly fault: Fault
  readonly retry: Retry
  readonly title: string
}

const user = (status: number, title: string): CodeInfo => ({
  status,
  fault: 'user',
  retry: 'never',
  title,
})
const external = (status: number, title: string): CodeInfo => ({
  status,
  fault: 'external',
  retry: 'backoff',
  title,
})

export const ERRORS = {
  // SQL text
  SYNTAX: user(400, 'The statement could not be parsed'),
  UNSUPPORTED: user(400, 'This SQL is not supported'),
  LIMIT_EXCEEDED: user(400, 'A limit was exceeded'),
  // names and types
  UNKNOWN_TABLE: user(404, 'No such table or view'),
  UNKNOWN_COLUMN: user(400, 'No such column'),
  UNKNOWN_FUNCTION: user(400, 'No such function'),
  UNKNOWN_OPTION: user(400, 'No such option'),
  UNKNOWN_QUERY: user(404, 'No such query'),
  AMBIGUOUS_NAME: user(400, 'The name is ambiguous'),
  DUPLICATE_NAME: user(409, 'The name is taken'),
  IN_USE: user(409, 'The object is still in use'),
  NEEDS_CONFIRMATION: user(409, 'The change must be confirmed'),
  TYPE_MISMATCH: user(400, 'The types do not match'),
  INVALID_AGGREGATE: user(400, 'The aggregate is not allowed here'),
  INVALID_OPTION: user(400, 'The option value is not valid'),
  INVALID_ARGUMENT: user(400, 'The argument is not valid'),
  // values at run time
  DIVISION_BY_ZERO: user(422, 'Division by zero'),
  OUT_OF_RANGE: user(422, 'The value is out of range'),
  INVALID_VALUE: user(422, 'The value is not valid'),
  BAD_RECORD: user(422, 'The record does not fit the stream'),
  // HTTP
  BAD_REQUEST: user(400, 'The request is not valid'),
  NOT_FOUND: user(404, 'No such resource'),
  METHOD_NOT_ALLOWED: user(405, 'The method is not allowed here'),
  GONE: user(410, 'The position is older than what is kept'),
  STREAM_ENDED: user(409, 'The stream has ended'),
  BODY_TOO_LARGE: user(413, 'The request body is too large'),
  UNSUPPORTED_MEDIA_TYPE: user(415, 'The content type is not supported'),
  TOO_MANY_REQUESTS: { status: 429, fault: 'user', retry: 'backoff', title: 'Too many requests' },
  SLOW_SUBSCRIBER: {
    status: 429,
    fault: 'user',
    retry: 'backoff',
    title: 'The subscriber reads too slowly',
  },
  UNAUTHORIZED: user(401, 'A valid token is needed'),
  FORBIDDEN: user(403, 'The token does not allow this'),
  // environment
  PORT_IN_USE: user(500, 'The port is in use'),
  DATA_IN_USE: user(500, 'The data folder is in use'),
  DATA_DAMAGED: { status: 500, fault: 'external', retry: 'never', title: 'Stored data is damaged' },
  DATA_VERSION: user(500, 'The data folder has another format version'),
  DISK_FULL: external(507, 'The disk is full'),
  DISK_FAILED: external(503, 'The disk failed'),
  UNAVAILABLE: external(503, 'The service is not available now'),
  CONNECTOR_FAILED: external(502, 'The external system failed'),
  INTERNAL: {
    status: 500,
    fault: 'internal',
    retry: 'never',
    title: 'An error in Millrace itself',
  },
} as const satisfies Record<string, CodeInfo>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorInfo {
  /** The culprit in the statement text; `locate` in sql/parse turns it into a position. */
  readonly at?: Span | undefined
  readonly position?: Position | undefined
  readonly hint?: string | undefined
  readonly cause?: unknown
  /** Machine-readable extras, e.g. the index of a bad row. JSON values only. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** An error a user can read: what is wrong, where, and what would work. */
export class SqlError extends Error {
  override readonly name = 'SqlError'
  readonly code: ErrorCode
  readonly at: Span | undefined
  readonly position: Position | undefined
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, message: string, info: ErrorInfo = {}) {
    super(message, info.cause === undefined ? undefined : { cause: info.cause })
    this.code = code
    this.at = info.at
    this.position = info.position
    this.hint = info.hint
    this.details = info.details
  }

  get fault(): Fault {
    return ERRORS[this.code].fault
  }

  get retry(): Retry {
    return ERRORS[this.code].retry
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  /** The plain-object form that crosses threads and HTTP. */
  toJSON(): ErrorJson {
    const { code, message, position, hint, fault, retry, details } = this
    return { code, message, ...position, hint, fault, retry, details }
  }
}

export interface ErrorJson {
  readonly code: ErrorCode
  readonly message: string
  readonly line?: number
  readonly column?: number
  readonly length?: number
  /** Only between threads: whoever has the text makes line and column of it. */
  readonly at?: Span | undefined
  readonly hint?: string | undefined
  readonly fault: Fault
  readonly retry: Retry
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Raises a `SqlError`. The only way to raise one. */
export function fail(code: ErrorCode, message: string, info?: ErrorInfo): never {
  throw new SqlError(code, message, info)
}

/** Any thrown thing as a `SqlError`; what is not ours becomes INTERNAL with its cause kept. */
export function asSqlError(error: unknown): SqlError {
  if (error instanceof SqlError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new SqlError('INTERNAL', message, { cause: error })
}

/** The form in which an error crosses a thread: with its place, if it is not a position yet. */
export const errorToThread = (error: SqlError): ErrorJson =>
  error.at === undefined || error.position !== undefined
    ? error.toJSON()
    : { ...error.toJSON(), at: error.at }

/** The inverse of `errorToThread` and of `SqlError.toJSON`. */
export function errorFromJson(json: ErrorJson): SqlError {
  const { code, message, line, column, length, at, hint, details } = json
  const position =
    line === undefined || column === undefined ? undefined : { line, column, length: length ?? 1 }
  return new SqlError(code, message, { at, position, hint, details })
}
