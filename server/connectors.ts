/** All connectors that the server has, as the SQL side knows them. */

import { CONNECTORS } from '../connectors/index.ts'
import { type ConnectorCatalog, EMBEDDED_CONNECTORS } from '../sql/index.ts'

export const CATALOG_CONNECTORS: ConnectorCatalog = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])
