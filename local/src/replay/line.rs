//! One row as a line of an invoice.
//!
//! A row is refused here only if no order could hold it, whatever the shop
//! sells; all else is for the API to judge. Description and price are the
//! catalogue's matter.

use domain::{BasketItem, ProductId, Quantity, UserId};
use jiff::civil::DateTime;

use super::fate::Fate;
use crate::retail::{self, Columns, Fields, Kind, Row};

/// What is refused: why, and what was found.
type Checked<T> = Result<T, (Fate, String)>;

/// Pieces of a product that an invoice sells or takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins in the file.
    pub(super) row: u64,
    pub(super) item: BasketItem,
}

/// A line with what its row says of the invoice around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) invoice: String,
    pub(super) customer: UserId,
    pub(super) at: DateTime,
    pub(super) line: Line,
}

impl Entry {
    pub(super) fn read(columns: &Columns, row: &Row) -> Checked<Self> {
        let fields = columns.name(&row.fields).ok_or_else(|| Fate::ColumnCount.because(""))?;
        let kind = Kind::of(fields.invoice).ok_or_else(|| Fate::NoInvoice.because(fields.invoice))?;
        let customer = customer(&fields)?;
        let product_id = ProductId::new(fields.code).map_err(|_| Fate::InvalidCode.because(fields.code))?;
        let quantity = quantity(kind, fields.quantity)?;
        let at = retail::date(fields.date).ok_or_else(|| Fate::InvalidDate.because(fields.date))?;
        let line = Line { row: row.line, item: BasketItem { product_id, quantity } };
        Ok(Self { kind, invoice: fields.invoice.to_owned(), customer, at, line })
    }
}

/// Customers are numbered, as published with a decimal (`17850.0`); a sale to
/// nobody in particular is to a guest of its own.
fn customer(fields: &Fields<'_>) -> Checked<UserId> {
    let number = fields.customer.strip_suffix(".0").unwrap_or(fields.customer);
    let name = match fields.customer {
        "" => format!("guest-{}", fields.invoice),
        _ if is_number(number) => format!("customer-{number}"),
        other => return Err(Fate::InvalidCustomer.because(other)),
    };
    UserId::new(&name).map_err(|_| Fate::InvalidCustomer.because(name))
}

/// Of a length that fits wherever it is put: a key, a name, an address.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How many pieces, sold or taken back: a cancellation counts below zero.
fn quantity(kind: Kind, text: &str) -> Checked<Quantity> {
    let signed: i64 = text.parse().map_err(|_| Fate::InvalidQuantity.because(text))?;
    let (pieces, wrong_sign) = match kind {
        Kind::Cancellation => (signed.saturating_neg(), Fate::NotNegative),
        Kind::Sale => (signed, Fate::NotPositive),
    };
    if pieces <= 0 {
        return Err(wrong_sign.because(text));
    }
    Quantity::new(pieces).map_err(|_| Fate::TooManyPieces.because(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(row: &str) -> Checked<Entry> {
        let header =
            "InvoiceNo|StockCode|Description|Quantity|InvoiceDate|UnitPrice|CustomerID|Country".split('|');
        let columns = Columns::find(&header.map(str::to_owned).collect::<Vec<_>>()).expect("all there");
        Entry::read(&columns, &Row { line: 7, fields: row.split('|').map(str::to_owned).collect() })
    }

    #[test]
    fn a_sale_and_a_cancellation_count_the_same_pieces() {
        let sale = read("536365|70001||6|2010-12-01 08:26:00||17850.0|").expect("a sale");
        let cancellation = read("C536379|70001||-6|2010-12-01 09:00:00||17850.0|").expect("a cancellation");
        assert_eq!((sale.kind, cancellation.kind), (Kind::Sale, Kind::Cancellation));
        assert_eq!(sale.line, cancellation.line);
    }

    #[test]
    fn customers_are_users_and_a_sale_to_nobody_has_a_guest_of_its_own() {
        for (number, user) in
            [("17850.0", "customer-17850"), ("17850", "customer-17850"), ("", "guest-536365")]
        {
            let entry = read(&format!("536365|70001||6|2010-12-01||{number}|")).expect(number);
            assert_eq!(entry.customer.as_str(), user);
        }
    }

    #[test]
    fn what_no_order_can_hold_is_refused_with_the_reason() {
        for (row, fate) in [
            ("536365|70001|", Fate::ColumnCount),
            ("A563185|70001||1|2010-12-01|1||", Fate::NoInvoice),
            ("|70001||1|2010-12-01|1||", Fate::NoInvoice),
            ("536365|70001||1|2010-12-01|1|Smith|", Fate::InvalidCustomer),
            ("536365|BANK CHARGES||1|2010-12-01|1||", Fate::InvalidCode),
            ("536365|70001||six|2010-12-01|1||", Fate::InvalidQuantity),
            ("536365|70001||0|2010-12-01|1||", Fate::NotPositive),
            ("536365|70001||-1|2010-12-01|1||", Fate::NotPositive),
            ("C536365|70001||1|2010-12-01|1||", Fate::NotNegative),
            ("536365|70001||10001|2010-12-01|1||", Fate::TooManyPieces),
            ("536365|70001||1|soon|1||", Fate::InvalidDate),
        ] {
            assert_eq!(read(row).expect_err(row).0, fate, "{row}");
        }
    }
}
