//! One usable row: a product that was sold, and for how much.
//!
//! A row is used as a whole or not at all. A cancelled or corrected line, or
//! one with no price, describes the shop's bookkeeping ("check", "damages") as
//! often as a product, so it has no say in names either.

use domain::{Currency, Money, Name, ProductId};
use jiff::civil::DateTime;

use super::pence::{self, NotPence};
use super::refusal::{Reason, Refusal};
use crate::retail::{self, Columns, Fields, Kind, Row};

/// What is refused, for which reason and what was found.
type Checked<T> = Result<T, (Reason, String)>;

/// A product that was sold once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sale {
    pub(super) line: u64,
    pub(super) code: ProductId,
    pub(super) name: Name,
    pub(super) price: Money,
    pub(super) at: DateTime,
}

impl Sale {
    /// Reads a row, or says why it is of no use.
    pub(super) fn read(columns: &Columns, row: &Row) -> Result<Self, Refusal> {
        let Some(fields) = columns.name(&row.fields) else {
            let detail = format!("{} where the header has {}", row.fields.len(), columns.width());
            return Err(Refusal { line: row.line, code: String::new(), reason: Reason::ColumnCount, detail });
        };
        Self::check(&fields, row.line).map_err(|(reason, detail)| {
            let code = fields.code.to_owned();
            Refusal { line: row.line, code, reason, detail }
        })
    }

    fn check(fields: &Fields<'_>, line: u64) -> Checked<Self> {
        invoice(fields.invoice)?;
        let code = code(fields.code)?;
        let name = name(fields.description)?;
        quantity(fields.quantity)?;
        let at = date(fields.date)?;
        let price = price(fields.price)?;
        Ok(Self { line, code, name, price, at })
    }
}

fn invoice(number: &str) -> Checked<()> {
    match Kind::of(number) {
        Some(Kind::Sale) => Ok(()),
        Some(Kind::Cancellation) => Err(Reason::Cancelled.because(number)),
        None => Err(Reason::NotASale.because(number)),
    }
}

/// Products are numbered: their codes hold at least four digits in a row
/// (`85123A`, `DCGS0076`, `gift_0001_40`). What holds fewer is a fee, postage,
/// a correction or a sample (`POST`, `D`, `M`, `C2`, `BANK CHARGES`).
fn code(code: &str) -> Checked<ProductId> {
    let numbered = code.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
    if !numbered {
        return Err(Reason::NotAProduct.because(code));
    }
    ProductId::new(code).map_err(|rule| Reason::InvalidCode.because(rule))
}

/// Runs of white space are typing, not meaning: they would make two names of
/// one. A text without a letter or digit ("?") says nothing.
fn name(description: &str) -> Checked<Name> {
    if !description.contains(char::is_alphanumeric) {
        return Err(Reason::MissingDescription.because(description));
    }
    let words: Vec<_> = description.split_whitespace().collect();
    Name::new(&words.join(" ")).map_err(|rule| Reason::InvalidDescription.because(rule))
}

fn quantity(text: &str) -> Checked<()> {
    let pieces: i64 = text.parse().map_err(|_| Reason::InvalidQuantity.because(text))?;
    if pieces > 0 { Ok(()) } else { Err(Reason::QuantityNotPositive.because(text)) }
}

fn date(text: &str) -> Checked<DateTime> {
    retail::date(text).ok_or_else(|| Reason::InvalidDate.because(text))
}

fn price(text: &str) -> Checked<Money> {
    let pence = pence::parse(text).map_err(|why| match why {
        NotPence::Unreadable => Reason::InvalidPrice.because(text),
        NotPence::Fraction => Reason::InvalidPrice.because(format!("{text} is not in whole pence")),
    })?;
    if pence <= 0 {
        return Err(Reason::PriceNotPositive.because(text));
    }
    Money::price(pence, Currency::GBP).map_err(|rule| Reason::InvalidPrice.because(format!("{text} {rule}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 8] = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ];

    fn read(row: &str) -> Result<Sale, Refusal> {
        let columns = Columns::find(&HEADER.map(str::to_owned)).expect("all there");
        let fields = row.split('|').map(str::to_owned).collect();
        Sale::read(&columns, &Row { line: 7, fields })
    }

    fn reason(row: &str) -> Reason {
        read(row).expect_err(row).reason
    }

    #[test]
    fn a_sale_is_read() {
        let sale = read("536365|85123A|WHITE  HANGING\nHEART |6|2010-12-01 08:26:00|2.55||").expect("usable");
        assert_eq!((sale.code.as_str(), sale.name.as_str()), ("85123A", "WHITE HANGING HEART"));
        assert_eq!((sale.price.amount(), sale.at.to_string().as_str()), (255, "2010-12-01T08:26:00"));
    }

    #[test]
    fn what_is_numbered_is_a_product_and_what_is_not_is_none() {
        for code in ["85123A", "85123a", "DCGS0076", "gift_0001_40", "15056BL"] {
            assert!(read(&format!("1|{code}|MUG|1|2010-12-01|1||")).is_ok(), "{code}");
        }
        for code in
            ["", "POST", "D", "M", "m", "S", "C2", "DOT", "B", "PADS", "CRUK", "BANK CHARGES", "AMAZONFEE"]
        {
            assert_eq!(reason(&format!("1|{code}|MUG|1|2010-12-01|1||")), Reason::NotAProduct, "{code}");
        }
    }

    #[test]
    fn an_unusable_row_says_why() {
        let long = format!("1|22222|{}|1|2010-12-01|1||", "x".repeat(201));
        for (row, why) in [
            ("1|22222|MUG", Reason::ColumnCount),
            ("C536379|22222|MUG|-1|2010-12-01|1||", Reason::Cancelled),
            ("A563185|22222|MUG|1|2010-12-01|1||", Reason::NotASale),
            ("|22222|MUG|1|2010-12-01|1||", Reason::NotASale),
            ("1|22222 B|MUG|1|2010-12-01|1||", Reason::InvalidCode),
            ("1|22222é|MUG|1|2010-12-01|1||", Reason::InvalidCode),
            ("1|22222||1|2010-12-01|1||", Reason::MissingDescription),
            ("1|22222|?|1|2010-12-01|1||", Reason::MissingDescription),
            ("1|22222|MUG\u{81}|1|2010-12-01|1||", Reason::InvalidDescription),
            (&long, Reason::InvalidDescription),
            ("1|22222|MUG|six|2010-12-01|1||", Reason::InvalidQuantity),
            ("1|22222|MUG|1.5|2010-12-01|1||", Reason::InvalidQuantity),
            ("1|22222|MUG|-6|2010-12-01|1||", Reason::QuantityNotPositive),
            ("1|22222|MUG|0|2010-12-01|1||", Reason::QuantityNotPositive),
            ("1|22222|MUG|1|2010-13-01 08:00:00|1||", Reason::InvalidDate),
            ("1|22222|MUG|1|13/12/2010 8:26|1||", Reason::InvalidDate),
            ("1|22222|MUG|1||1||", Reason::InvalidDate),
            ("1|22222|MUG|1|2010-12-01|||", Reason::InvalidPrice),
            ("1|22222|MUG|1|2010-12-01|2.555||", Reason::InvalidPrice),
            ("1|22222|MUG|1|2010-12-01|100000000.01||", Reason::InvalidPrice),
            ("1|22222|MUG|1|2010-12-01|0.0||", Reason::PriceNotPositive),
            ("1|22222|MUG|1|2010-12-01|-1.5||", Reason::PriceNotPositive),
        ] {
            assert_eq!(reason(row), why, "{row}");
        }
    }

    #[test]
    fn a_refusal_points_at_the_row() {
        let refusal = read("1|22222|MUG|1|2010-12-01|2,50||").expect_err("a comma is no point");
        assert_eq!((refusal.line, refusal.code.as_str(), refusal.detail.as_str()), (7, "22222", "2,50"));
    }
}
