//! What becomes of a row: each row of the file has exactly one fate.

use std::fmt;

/// The fates, in the order of the checks: a row that is refused has the first
/// reason that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Stands in an order.
    Ordered,
    /// Stood in an order that a later invoice cancelled.
    OrderedThenCancelled,
    /// Is of a cancellation that equals an earlier sale, which was cancelled.
    CancelsASale,
    /// Is of a cancellation that takes back a part of an earlier sale: the API
    /// cancels whole orders.
    CancelsAPart,
    /// Is of a cancellation of nothing that this file sold to the customer.
    CancelsNoSale,
    /// Is longer or shorter than the header.
    ColumnCount,
    /// Its invoice is an adjustment of debts, or has no number.
    NoInvoice,
    /// Whose it is cannot be read.
    InvalidCustomer,
    /// Its stock code cannot be part of a path.
    InvalidCode,
    /// Its quantity cannot be read.
    InvalidQuantity,
    /// Sells nothing: stock was written off, or counted.
    NotPositive,
    /// Cancels nothing.
    NotNegative,
    /// Alone is more than an order takes of a product.
    TooManyPieces,
    /// When it was cannot be read.
    InvalidDate,
    /// The API refused its product: there is none of that id.
    NoSuchProduct,
    /// The API refused it, or the order that it stood in, for another reason.
    RefusedByApi,
    /// Comes after the invoices that were asked for.
    BeyondLimit,
}

impl Fate {
    /// In the words of the report, which `scripts/read-invoices` shares.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::OrderedThenCancelled => "ordered, then cancelled",
            Self::CancelsASale => "cancels a whole sale",
            Self::CancelsAPart => "cancels a part of a sale",
            Self::CancelsNoSale => "cancels no sale of this file",
            Self::ColumnCount => "wrong number of columns",
            Self::NoInvoice => "invoice is neither a sale nor a cancellation",
            Self::InvalidCustomer => "customer is no number",
            Self::InvalidCode => "stock code cannot be an id",
            Self::InvalidQuantity => "quantity is not a whole number",
            Self::NotPositive => "quantity of a sale is not positive",
            Self::NotNegative => "quantity of a cancellation is not negative",
            Self::TooManyPieces => "more pieces than an order takes",
            Self::InvalidDate => "date cannot be read",
            Self::NoSuchProduct => "the API has no such product",
            Self::RefusedByApi => "refused by the API",
            Self::BeyondLimit => "invoice beyond the limit",
        }
    }

    /// Whether the row became part of an order, whatever came of that.
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::Ordered | Self::OrderedThenCancelled)
    }

    /// The fate together with what was found.
    pub(super) fn because(self, detail: impl Into<String>) -> (Self, String) {
        (self, detail.into())
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}
