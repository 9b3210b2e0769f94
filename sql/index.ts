/** The front door of the SQL side: text in; statements, catalog entries and plans out. */

export type * from './ast.ts'
export {
  type BoundInsert,
  bindInsert,
  type InsertSelect,
  type InsertValues,
} from './bind/bind-insert.ts'
export { bindTable, type CreateTable } from './bind/bind-table.ts'
export type { PlanMode } from './bind/context.ts'
export { Catalog, type SavedCatalog, type SavedEntry } from './catalog/catalog.ts'
export {
  type Answer,
  answerSchema,
  describe,
  describeFunction,
  filtered,
  type ShowWhat,
  show,
  showSettings,
  textAnswer,
} from './catalog/describe.ts'
export type {
  Entry,
  EntryKind,
  FunctionEntry,
  MaterializedViewEntry,
  QueryEntry,
  RelationEntry,
  TableEntry,
  TabularEntry,
  ViewEntry,
} from './catalog/entry.ts'
export { kindText } from './catalog/entry.ts'
export { readDurationMs } from './catalog/option-values.ts'
export {
  type ConnectorCatalog,
  EMBEDDED_CONNECTORS,
  LOG_OPTIONS,
  type OptionSpec,
  type OptionTable,
  TABLE_OPTIONS,
} from './catalog/options.ts'
export {
  checkSetting,
  knownSetting,
  SETTINGS,
  type SettingName,
  type SettingRow,
  Settings,
} from './catalog/settings.ts'
export {
  type CreateView,
  type Defined,
  type DefinedFunction,
  type DefinedView,
  defineFunction,
  defineInsert,
  defineQuery,
  defineTable,
  defineView,
} from './define.ts'
export { type Redefined, redefine, runningReadersOf, type Surroundings } from './define-altered.ts'
export { defineAlteredTable } from './define-altered-table.ts'
export { type DefinedTable, defineTableStatement, freeJobName } from './define-table-as.ts'
export { explainPhysical } from './lower/explain.ts'
export { caretText, locate, parseEach, parseExpression, parseStatements } from './parse/index.ts'
export { type ChangeRows, type PlannedChange, planChange } from './plan-change.ts'
export { type Identity, type PlannedQuery, Planner } from './planner.ts'
export { renamed } from './rename.ts'
export { type Restored, type Running, restoreCatalog } from './restore.ts'
export { DEFAULT_SESSION, type Session } from './session.ts'
export { showCreate } from './show-create.ts'
export { nameText, tableText } from './table-text.ts'
export { viewText } from './view-text.ts'
