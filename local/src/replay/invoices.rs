//! The file as invoices in time order.

use std::collections::BTreeMap;
use std::path::Path;

use domain::{ProductId, UserId};
use jiff::civil::DateTime;

use super::fate::Fate;
use super::ledger::Ledger;
use super::line::{Entry, Line};
use crate::retail::{self, Broken, Kind};

/// Pieces by product.
pub(super) type Pieces = BTreeMap<ProductId, i64>;

/// What one customer bought, or gave back, at one time.
#[derive(Clone, Debug)]
pub(super) struct Invoice {
    pub(super) number: String,
    pub(super) kind: Kind,
    pub(super) customer: UserId,
    /// Of its first line.
    at: DateTime,
    /// In the order of the file; at least one.
    pub(super) lines: Vec<Line>,
}

impl Invoice {
    fn new(entry: &Entry) -> Self {
        let (number, customer) = (entry.invoice.clone(), entry.customer.clone());
        Self { number, kind: entry.kind, customer, at: entry.at, lines: Vec::new() }
    }
}

/// Reads the invoices; rows that are no line of one go into the ledger.
pub(super) fn read(file: &Path, ledger: &mut Ledger) -> Result<Vec<Invoice>, Broken> {
    of(&retail::contents(file)?, ledger)
}

fn of(bytes: &[u8], ledger: &mut Ledger) -> Result<Vec<Invoice>, Broken> {
    let (columns, rows) = retail::rows(bytes)?;
    let mut invoices = BTreeMap::new();
    for row in rows {
        let row = row?;
        match Entry::read(&columns, &row) {
            Ok(entry) => add(&mut invoices, entry),
            Err((fate, detail)) => ledger.note(row.line, fate, &detail),
        }
    }
    let mut invoices: Vec<_> = invoices.into_values().collect();
    invoices.sort_by_key(|invoice| (invoice.at, invoice.lines[0].row));
    Ok(invoices)
}

fn add(invoices: &mut BTreeMap<(String, UserId), Invoice>, entry: Entry) {
    let key = (entry.invoice.clone(), entry.customer.clone());
    invoices.entry(key).or_insert_with(|| Invoice::new(&entry)).lines.push(entry.line);
}

/// Takes the first of the invoices, if not all were asked for; the rows of the
/// others go into the ledger.
pub(super) fn limit(invoices: &mut Vec<Invoice>, limit: Option<usize>, ledger: &mut Ledger) {
    let first = limit.unwrap_or(invoices.len()).min(invoices.len());
    for invoice in invoices.drain(first..) {
        ledger.note_all(&invoice.lines, Fate::BeyondLimit, &invoice.number);
    }
}

/// What lines come to.
pub(super) fn pieces<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Pieces {
    let mut pieces = Pieces::new();
    for Line { item, .. } in lines {
        *pieces.entry(item.product_id.clone()).or_default() += item.quantity.get();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    fn read(rows: &str) -> (Vec<Invoice>, Ledger) {
        let mut ledger = Ledger::default();
        let invoices = of(format!("{HEADER}{rows}").as_bytes(), &mut ledger).expect("a whole file");
        (invoices, ledger)
    }

    #[test]
    fn invoices_come_in_time_order_whatever_the_order_of_the_file() {
        let (invoices, _) = read(
            "2,70001,MUG,1,2010-12-02 09:00:00,1,17850.0,\n\
             1,70001,MUG,1,2010-12-01 09:00:00,1,17850.0,\n\
             2,70002,CUP,3,2010-12-02 09:01:00,1,17850.0,\n",
        );
        let rows = |invoice: &Invoice| invoice.lines.iter().map(|line| line.row).collect::<Vec<_>>();
        let found: Vec<_> = invoices.iter().map(|invoice| (invoice.number.as_str(), rows(invoice))).collect();
        assert_eq!(found, [("1", vec![3]), ("2", vec![2, 4])]);
    }

    #[test]
    fn one_number_and_two_customers_are_two_invoices() {
        let (invoices, _) =
            read("1,70001,MUG,1,2010-12-01,1,17850.0,\n1,70001,MUG,1,2010-12-01,1,13047.0,\n");
        let customers: Vec<_> = invoices.iter().map(|invoice| invoice.customer.as_str()).collect();
        assert_eq!(customers, ["customer-17850", "customer-13047"]);
    }

    #[test]
    fn every_row_is_in_an_invoice_or_in_the_ledger() {
        let (mut invoices, mut ledger) = read(
            "1,70001,MUG,1,2010-12-01,1,,\n1,70001,MUG,-1,2010-12-01,1,,\n2,70001,MUG,1,2010-12-01,1,,\n",
        );
        limit(&mut invoices, Some(1), &mut ledger);
        assert_eq!(invoices.len(), 1);
        assert_eq!(ledger.fates().collect::<Vec<_>>(), [(3, Fate::NotPositive), (4, Fate::BeyondLimit)]);
    }

    #[test]
    fn repeated_products_add_up() {
        let (invoices, _) = read("1,70001,MUG,2,2010-12-01,1,,\n1,70001,MUG,3,2010-12-01,1,,\n");
        assert_eq!(pieces(&invoices[0].lines).into_values().collect::<Vec<_>>(), [5]);
    }
}
