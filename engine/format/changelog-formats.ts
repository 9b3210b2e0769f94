/** Which formats carry changes: their records can say that a row is gone. */

/** How they are called in `'format' = '…'`. */
export const CHANGELOG_FORMATS: readonly string[] = ['changelog-json', 'debezium-json']

/** Whether records of this format take rows back as well as bring them. */
export const isChangelogFormat = (format: string | undefined): boolean =>
  format !== undefined && CHANGELOG_FORMATS.includes(format)
