//! What a file asks for: read and judged as a whole, before the first write.

use std::path::Path;

use super::catalogue::{Catalogue, Listing};
use super::refusal::Refusal;
use super::sale::Sale;
use crate::retail::{self, Broken};

/// What was found in a file.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rows_read: u64,
    pub(super) rows_used: u64,
    pub(super) listings: Vec<Listing>,
    pub(super) refusals: Vec<Refusal>,
}

impl Plan {
    pub(super) fn read(file: &Path) -> Result<Self, Broken> {
        Self::of(&retail::contents(file)?)
    }

    fn of(bytes: &[u8]) -> Result<Self, Broken> {
        let (columns, table) = retail::rows(bytes)?;
        let (mut rows_read, mut rows_used) = (0, 0);
        let (mut catalogue, mut refusals) = (Catalogue::default(), Vec::new());
        for row in table {
            rows_read += 1;
            match Sale::read(&columns, &row?) {
                Ok(sale) => {
                    rows_used += 1;
                    catalogue.add(sale);
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        Ok(Self { rows_read, rows_used, listings: catalogue.into_listings(), refusals })
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Reason;
    use super::*;

    const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

    fn plan(rows: &str) -> Result<Plan, Broken> {
        Plan::of(format!("{HEADER}\n{rows}").as_bytes())
    }

    #[test]
    fn a_dirty_file_gives_its_products_and_names_the_rest() {
        let found = plan(
            "1001,70001,RED KETTLE,1,2010-12-01 09:00:00,9.5,17850.0,United Kingdom\n\
             1001,POST,POSTAGE,1,2010-12-01 09:00:00,4.0,,France\n\
             1002,70001,\"RED KETTLE,\nBOXED\",2,2010-12-02 09:00:00,9.95,,France\n\
             C1003,70001,RED KETTLE,-1,2010-12-03 09:00:00,1.00,,France\n\
             1004,70001,RED  KETTLE ,1,2010-12-01 10:00:00,9.75,,France\n\
             1005,70002,,-5,2010-12-01 10:00:00,0.0,,France\n\
             1006,70003,\"KNITTED, GREY \"\"MOUSE\"\"\",1,12/4/2010 9:05,3,,\n\
             cut off\n",
        )
        .expect("has usable rows");
        assert_eq!((found.rows_read, found.rows_used), (8, 4));
        let products: Vec<_> = found
            .listings
            .iter()
            .map(|l| (l.id.as_str(), l.name.as_str(), l.price.amount(), l.line))
            .collect();
        assert_eq!(products, [("70001", "RED KETTLE", 995, 2), ("70003", "KNITTED, GREY \"MOUSE\"", 300, 9)]);
        let refused: Vec<_> = found.refusals.iter().map(|refusal| (refusal.line, refusal.reason)).collect();
        assert_eq!(
            refused,
            [
                (3, Reason::NotAProduct),
                (6, Reason::Cancelled),
                (8, Reason::MissingDescription),
                (10, Reason::ColumnCount)
            ]
        );
    }

    #[test]
    fn a_file_that_ends_inside_a_quote_is_broken_however_much_of_it_is_fine() {
        let found = plan("1,70001,KETTLE,1,2010-12-01,9.5,,\n1,70002,\"TEA POT,1,2010-12-01,9.5,,\n");
        assert!(matches!(found, Err(Broken::OpenQuote { line: 3 })), "{found:?}");
    }

    #[test]
    fn a_file_without_the_columns_or_without_anything_is_broken() {
        assert!(matches!(Plan::of(b""), Err(Broken::Empty)));
        assert!(
            matches!(Plan::of(b"PK\x03\x04\x00\xff"), Err(Broken::MissingColumns(all)) if all.len() == 8)
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_broken() {
        let folder = tempfile::tempdir().expect("temporary folder");
        for path in [folder.path().join("absent.csv"), folder.path().to_owned()] {
            assert!(matches!(Plan::read(&path), Err(Broken::Unreadable(_))), "{path:?}");
        }
    }

    #[test]
    fn a_file_in_the_old_encoding_keeps_its_letters() {
        let row = b"\n1,70001,VOUCHER \xa340 CAF\xc9,1,2010-12-01,9.5,,\n";
        let found = Plan::of(&[HEADER.as_bytes(), row].concat()).expect("usable");
        assert_eq!(found.listings[0].name.as_str(), "VOUCHER £40 CAFÉ");
    }
}
