//! What the rows of all databases hold.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::{
    super::{Etag, StoreError, Stored},
    errors::corrupt,
};

/// What is in a column.
pub(super) fn field<'r, R, T>(row: &'r R, index: usize) -> Result<T, StoreError>
where
    R: Row,
    T: Decode<'r, R::Database> + Type<R::Database>,
    usize: ColumnIndex<R>,
{
    row.try_get(index).map_err(|_| corrupt())
}

/// The first column.
pub(super) fn etag<'r, R>(row: &'r R) -> Result<Etag, StoreError>
where
    R: Row,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
    usize: ColumnIndex<R>,
{
    let bytes: &[u8] = field(row, 0)?;
    bytes.try_into().map(Etag::from_bytes).map_err(|_| corrupt())
}

/// The first two columns.
pub(super) fn stored<'r, R>(row: &'r R) -> Result<Stored, StoreError>
where
    R: Row,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    usize: ColumnIndex<R>,
{
    Ok(Stored { etag: etag(row)?, sealed: field(row, 1)? })
}
