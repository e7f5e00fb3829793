//! Which column is where: the header of the file.

use super::broken::Broken;

/// The published columns, in their published order.
const NAMES: [&str; 8] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
];

/// Where the published columns are in this file; others may stand among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    width: usize,
    places: [usize; NAMES.len()],
}

/// The fields of one row that anyone reads.
pub(crate) struct Fields<'a> {
    pub(crate) invoice: &'a str,
    pub(crate) code: &'a str,
    pub(crate) description: &'a str,
    pub(crate) quantity: &'a str,
    pub(crate) date: &'a str,
    pub(crate) price: &'a str,
    pub(crate) customer: &'a str,
}

impl Columns {
    /// Finds all published columns, also those not read: a file without them
    /// is another file than it is taken for.
    pub(crate) fn find(header: &[String]) -> Result<Self, Broken> {
        let missing: Vec<_> =
            NAMES.into_iter().filter(|name| places(header, name).next().is_none()).collect();
        if !missing.is_empty() {
            return Err(Broken::MissingColumns(missing));
        }
        if let Some(name) = NAMES.into_iter().find(|name| places(header, name).count() > 1) {
            return Err(Broken::RepeatedColumn(name));
        }
        let place = |name| places(header, name).next().expect("no column is missing");
        Ok(Self { width: header.len(), places: NAMES.map(place) })
    }

    /// How many columns a row has.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// Names the fields of a row; `None` when it has not as many as the header.
    pub(crate) fn name<'a>(&self, row: &'a [String]) -> Option<Fields<'a>> {
        if row.len() != self.width {
            return None;
        }
        let [invoice, code, description, quantity, date, price, customer, _] =
            self.places.map(|at| row[at].as_str());
        Some(Fields { invoice, code, description, quantity, date, price, customer })
    }
}

fn places(header: &[String], name: &str) -> impl Iterator<Item = usize> {
    let is_it = move |field: &String| field.eq_ignore_ascii_case(name);
    header.iter().enumerate().filter(move |(_, field)| is_it(field)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn columns_are_found_in_any_order_and_case_among_others() {
        let header =
            fields("Country,note,customerid,UnitPrice,InvoiceDate,Quantity,Description,StockCode,INVOICENO");
        let columns = Columns::find(&header).expect("all there");
        let row = fields("c,n,17850,2.55,2010-12-01,6,MUG,85123A,536365");
        let named = columns.name(&row).expect("as wide as the header");
        assert_eq!((named.invoice, named.code, named.description), ("536365", "85123A", "MUG"));
        assert_eq!((named.quantity, named.date, named.price), ("6", "2010-12-01", "2.55"));
        assert_eq!(named.customer, "17850");
    }

    #[test]
    fn missing_columns_are_all_named() {
        let found = Columns::find(&fields("InvoiceNo,Description,Quantity,InvoiceDate,UnitPrice,Country"));
        let Err(Broken::MissingColumns(missing)) = found else { panic!("{found:?}") };
        assert_eq!(missing, ["StockCode", "CustomerID"]);
    }

    #[test]
    fn a_column_that_is_there_twice_is_ambiguous() {
        let found = Columns::find(&fields(&format!("{},Quantity", NAMES.join(","))));
        assert!(matches!(found, Err(Broken::RepeatedColumn("Quantity"))));
    }

    #[test]
    fn a_row_of_another_width_has_no_names() {
        let columns = Columns::find(&NAMES.map(str::to_owned)).expect("all there");
        assert!(columns.name(&fields("1,2,3,4,5,6,7")).is_none());
        assert!(columns.name(&fields("1,2,3,4,5,6,7,8,9")).is_none());
    }
}
