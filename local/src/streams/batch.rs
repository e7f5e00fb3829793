//! Records that wait for their invocation, and how many fit into one.

use std::collections::VecDeque;

use super::record::Record;

/// Bytes of an invocation's payload: Lambda takes no more, so it ends a batch
/// before.
const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;
/// Bytes around the records: `{"Records":[]}`.
const ENVELOPE: usize = 14;

/// Records that were read and match, in order.
#[derive(Debug)]
pub(super) struct Waiting {
    records: VecDeque<Record>,
    batch_size: usize,
}

impl Waiting {
    pub(super) fn new(batch_size: usize) -> Self {
        Self { records: VecDeque::new(), batch_size }
    }

    pub(super) fn add(&mut self, record: Record) {
        self.records.push_back(record);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether the next batch would be no larger if one waited for more.
    pub(super) fn is_full(&self) -> bool {
        let next = self.next();
        next == self.batch_size || next < self.records.len()
    }

    /// The next batch: the first records, as many as one invocation takes.
    pub(super) fn take(&mut self) -> Vec<Record> {
        self.records.drain(..self.next()).collect()
    }

    /// At least one record if there is any: alone it is at most what DynamoDB
    /// lets an item be, twice.
    fn next(&self) -> usize {
        let mut bytes = ENVELOPE;
        let fits = |record: &&Record| {
            bytes += record.bytes + ",".len();
            bytes <= PAYLOAD_LIMIT
        };
        let fitting = self.records.iter().take(self.batch_size).take_while(fits).count();
        fitting.max(1).min(self.records.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::numbered;
    use super::*;

    fn waiting(batch_size: usize, sizes: &[usize]) -> Waiting {
        let mut waiting = Waiting::new(batch_size);
        for (number, &bytes) in sizes.iter().enumerate() {
            waiting.add(Record { bytes, ..numbered(number) });
        }
        waiting
    }

    #[test]
    fn a_batch_is_full_at_its_size() {
        assert!(!waiting(3, &[]).is_full());
        assert!(!waiting(3, &[10, 10]).is_full());
        assert!(waiting(3, &[10, 10, 10]).is_full());
        let mut more = waiting(3, &[10; 5]);
        assert!(more.is_full());
        assert_eq!(
            (more.take().len(), more.is_full(), more.take().len(), more.is_empty()),
            (3, false, 2, true)
        );
    }

    #[test]
    fn a_batch_is_full_when_the_next_record_does_not_fit() {
        let third = PAYLOAD_LIMIT / 3;
        let mut large = waiting(100, &[third, third, third, third]);
        assert!(large.is_full(), "with what is around them, three thirds are more than the whole");
        assert_eq!((large.take().len(), large.is_full(), large.take().len()), (2, false, 2));
        let exact = PAYLOAD_LIMIT - ENVELOPE - 2 - third;
        assert_eq!(waiting(100, &[third, exact]).take().len(), 2);
        assert_eq!(waiting(100, &[third, exact + 1]).take().len(), 1);
    }

    #[test]
    fn records_keep_their_order() {
        let mut waiting = waiting(2, &[10; 4]);
        let taken = waiting.take().into_iter().chain(waiting.take());
        assert!(taken.map(|record| record.sequence_number).is_sorted());
    }
}
