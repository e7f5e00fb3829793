//! The invoices taken one after the other, and what came of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use domain::{IdempotencyKey, OrderId, OrderStatus};

use super::customers::Customers;
use super::fate::Fate;
use super::invoices::{self, Invoice};
use super::ledger::Ledger;
use super::line::Line;
use super::parts::parts;
use super::place::place;
use super::sales::{Sale, Sales};
use crate::client::Client;
use crate::progress::Progress;
use crate::retail::Kind;

/// Where the replay stands.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) customers: Customers<'a>,
    pub(super) ledger: Ledger,
    pub(super) sales: Sales,
    /// Every order that was acknowledged, as it was told last.
    pub(super) orders: BTreeMap<OrderId, OrderStatus>,
    pub(super) tally: Tally,
}

/// What came of invoices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Sales that became several orders.
    pub(super) split: u64,
    /// Sales of which nothing was ordered.
    pub(super) refused: u64,
    /// Cancellations of a whole sale, of a part of one, of nothing sold here.
    pub(super) whole: u64,
    pub(super) part: u64,
    pub(super) nothing: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(customers: Customers<'a>) -> Self {
        let (ledger, sales) = (Ledger::default(), Sales::default());
        Self { customers, ledger, sales, orders: BTreeMap::new(), tally: Tally::default() }
    }

    /// Reads the invoices to take, at most so many.
    pub(super) fn read(&mut self, file: &Path, limit: Option<usize>) -> Result<Vec<Invoice>> {
        let mut invoices = invoices::read(file, &mut self.ledger)
            .map_err(|broken| anyhow!("{} cannot be replayed: {broken}", file.display()))?;
        invoices::limit(&mut invoices, limit, &mut self.ledger);
        Ok(invoices)
    }

    pub(super) async fn take_all(&mut self, invoices: &[Invoice]) -> Result<()> {
        let progress = Progress::of("replaying", invoices.len(), "invoices");
        for invoice in invoices {
            self.take(invoice).await.with_context(|| format!("replaying invoice {}", invoice.number))?;
            progress.step();
        }
        Ok(())
    }

    async fn take(&mut self, invoice: &Invoice) -> Result<()> {
        match invoice.kind {
            Kind::Sale => self.sell(invoice).await,
            Kind::Cancellation => self.cancel(invoice).await,
        }
    }

    async fn sell(&mut self, invoice: &Invoice) -> Result<()> {
        let client = self.customers.client(&invoice.customer).await?;
        let mut sale = Sale { invoice: invoice.number.clone(), orders: Vec::new(), lines: Vec::new() };
        for (number, lines) in (1..).zip(parts(&invoice.lines)) {
            self.order(&client, &key(&invoice.number, number), lines, &mut sale).await?;
        }
        self.tally.split += u64::from(sale.orders.len() > 1);
        self.tally.refused += u64::from(sale.orders.is_empty());
        if !sale.orders.is_empty() {
            self.sales.add(&invoice.customer, sale);
        }
        Ok(())
    }

    async fn order(
        &mut self,
        client: &Client,
        key: &IdempotencyKey,
        lines: Vec<Line>,
        sale: &mut Sale,
    ) -> Result<()> {
        let Some((order, lines)) = place(client, key, lines, &mut self.ledger).await? else { return Ok(()) };
        self.ledger.note_all(&lines, Fate::Ordered, &sale.invoice);
        self.orders.insert(order.id.clone(), order.status);
        sale.orders.push(order.id);
        sale.lines.extend(lines);
        Ok(())
    }
}

fn key(invoice: &str, part: usize) -> IdempotencyKey {
    IdempotencyKey::new(&format!("invoice-{invoice}-{part}")).expect("the number of a sale is digits")
}
