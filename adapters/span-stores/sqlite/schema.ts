/** Raised with every change of SCHEMA or of the terms; a file of another version is refused. */
export const SCHEMA_VERSION = 2

/**
 * `key` is the trace id as 16 bytes, right half first: one index serves the whole id and its
 * right half. `start_us` and `last_us` are the starts of the first and the last span. Rows of
 * `term` are hashed (see terms.ts) and only nominate traces; the trace itself decides.
 */
export const SCHEMA = `
CREATE TABLE trace (
  row INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  start_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL,
  written_us INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX trace_by_start ON trace (start_us, last_us);
CREATE INDEX trace_by_write ON trace (written_us);

CREATE TABLE alias (key BLOB PRIMARY KEY, row INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX alias_by_row ON alias (row);

CREATE TABLE term (
  term INTEGER NOT NULL,
  start_us INTEGER NOT NULL,
  row INTEGER NOT NULL,
  PRIMARY KEY (term, start_us, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE name (
  service TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  span_kind TEXT NOT NULL,
  written_us INTEGER NOT NULL,
  PRIMARY KEY (service, kind, name, span_kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
