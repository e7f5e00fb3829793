//! dynoxide finds a stream's next sequence number by scanning its records: 400
//! writes a second and falling. This index takes the scan away. Kept apart,
//! because it is the one place that knows the inside of dynoxide's file.

use anyhow::Result;
use rusqlite::Connection;

/// The expression must be the one of dynoxide's query, letter for letter, or
/// SQLite does not use the index; `benches/stream_writes.rs` would show it.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS storefront_stream_sequence
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// DynamoDB keeps a stream's records for 24 hours; nobody may count on older.
const TRIM: &str = "DELETE FROM _stream_records WHERE created_at < unixepoch() - 24 * 60 * 60";

/// Adds the index to a database that dynoxide has open, and forgets records
/// past their age.
pub(super) fn prepare(path: &str) -> Result<()> {
    let connection = Connection::open(path)?;
    connection.execute(INDEX, [])?;
    connection.execute(TRIM, [])?;
    Ok(())
}
