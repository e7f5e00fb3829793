//! Products, prices, stock and money: types and rules, no I/O.
