//! A cancellation: of a whole sale it is one, of less it is only accounted for.

use anyhow::Result;
use domain::OrderId;

use super::fate::Fate;
use super::invoices::{Invoice, pieces};
use super::sales::{Claim, Sale};
use super::walk::Walk;
use crate::client::{self, Client};

impl Walk<'_> {
    pub(super) async fn cancel(&mut self, invoice: &Invoice) -> Result<()> {
        match self.sales.claim(&invoice.customer, &pieces(&invoice.lines)) {
            Claim::Whole(sale) => self.call_off(invoice, &sale).await?,
            Claim::Part => {
                self.tally.part += 1;
                self.ledger.note_all(&invoice.lines, Fate::CancelsAPart, &invoice.number);
            }
            Claim::Nothing => {
                self.tally.nothing += 1;
                self.ledger.note_all(&invoice.lines, Fate::CancelsNoSale, &invoice.number);
            }
        }
        Ok(())
    }

    async fn call_off(&mut self, invoice: &Invoice, sale: &Sale) -> Result<()> {
        let client = self.customers.client(&invoice.customer).await?;
        for order in &sale.orders {
            self.cancel_order(&client, order).await?;
        }
        self.tally.whole += 1;
        self.ledger.note_all(&sale.lines, Fate::OrderedThenCancelled, &invoice.number);
        let detail = format!("{} cancels {}", invoice.number, sale.invoice);
        self.ledger.note_all(&invoice.lines, Fate::CancelsASale, &detail);
        Ok(())
    }

    async fn cancel_order(&mut self, client: &Client, id: &OrderId) -> client::Result<()> {
        let order = client.cancel_order(id).await?;
        self.orders.insert(order.id, order.status);
        Ok(())
    }
}
