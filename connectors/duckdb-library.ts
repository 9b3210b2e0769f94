/** What of DuckDB connectors use, loaded when it is first needed. */

export const duckdbLibrary = async () => {
  const [duckdb, types, values, reader, writer] = await Promise.all([
    import('../engine/view/duckdb.ts'),
    import('../engine/view/duckdb-type.ts'),
    import('../engine/view/outside-value.ts'),
    import('../engine/view/vector-reader.ts'),
    import('../engine/view/vector-writer.ts'),
  ])
  return { ...duckdb, ...types, ...values, ...reader, ...writer }
}

export type DuckdbLibrary = Awaited<ReturnType<typeof duckdbLibrary>>
