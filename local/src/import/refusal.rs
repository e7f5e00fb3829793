//! Why a row, or the product made of rows, was not taken.

use std::fmt;

/// One entry of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In the file, counted from 1 as an editor shows it: where the row begins.
    pub(super) line: u64,
    /// As far as it is known.
    pub(super) code: String,
    pub(super) reason: Reason,
    /// What was found there.
    pub(super) detail: String,
}

/// The kinds by which refusals are counted, in the order of the checks: a row
/// counts once, for the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    ColumnCount,
    Cancelled,
    NotASale,
    NotAProduct,
    InvalidCode,
    MissingDescription,
    InvalidDescription,
    InvalidQuantity,
    QuantityNotPositive,
    InvalidDate,
    InvalidPrice,
    PriceNotPositive,
    RefusedByApi,
    Archived,
}

impl Reason {
    /// Why, in the words of report and summary.
    const fn text(self) -> &'static str {
        match self {
            Self::ColumnCount => "wrong number of columns",
            Self::Cancelled => "cancelled invoice",
            Self::NotASale => "invoice number is not of a sale",
            Self::NotAProduct => "stock code is of no product",
            Self::InvalidCode => "stock code cannot be an id",
            Self::MissingDescription => "no description",
            Self::InvalidDescription => "description cannot be a name",
            Self::InvalidQuantity => "quantity is not a whole number",
            Self::QuantityNotPositive => "quantity is not positive",
            Self::InvalidDate => "date cannot be read",
            Self::InvalidPrice => "price cannot be read",
            Self::PriceNotPositive => "price is not positive",
            Self::RefusedByApi => "refused by the API",
            Self::Archived => "archived in the shop: left alone",
        }
    }

    /// The reason together with what was found.
    pub(super) fn because(self, detail: impl Into<String>) -> (Self, String) {
        (self, detail.into())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}
