/** What connectors get from the thread they run in. */

import type { Disk } from '../engine/base/disk.ts'
import type { Appended } from '../engine/source/appended.ts'

export interface ConnectorContext {
  readonly disk: Disk
  readonly dataFolder: string
  readonly appended: Appended
}
