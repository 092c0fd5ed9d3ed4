-- What the books hold of receivables and money, kept in step by row versions; what of it is recorded at the billing
-- system; and where booked entries have been changed by others.

-- Head rows of entries: what an entry is known to be gone by, and whether it is a sale.
CREATE TABLE ledger_heads (
    connection TEXT NOT NULL,
    division   BIGINT NOT NULL,
    id         TEXT NOT NULL,
    entry_id   TEXT NOT NULL,
    nature     TEXT NOT NULL,
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX ledger_heads_by_entry ON ledger_heads (connection, division, entry_id);

-- Rows of the ledger that can close a receivable. Amounts in major units, as the books print them; debit positive.
CREATE TABLE ledger_lines (
    connection   TEXT NOT NULL,
    division     BIGINT NOT NULL,
    id           TEXT NOT NULL,
    entry_id     TEXT NOT NULL,
    entry_number BIGINT NOT NULL,
    line_number  BIGINT NOT NULL,
    journal      TEXT NOT NULL,
    nature       TEXT NOT NULL,
    account      TEXT,
    amount       TEXT NOT NULL,
    currency     TEXT NOT NULL,
    day          TEXT NOT NULL,
    closes       TEXT,
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX ledger_lines_by_entry ON ledger_lines (connection, division, entry_id);
CREATE INDEX ledger_lines_by_closed ON ledger_lines (connection, division, closes);

-- Parts of receivables that an entry has closed.
CREATE TABLE ledger_parts (
    connection   TEXT NOT NULL,
    division     BIGINT NOT NULL,
    id           TEXT NOT NULL,
    closed_by    TEXT NOT NULL,
    source_entry TEXT NOT NULL,
    source_row   TEXT NOT NULL,
    account      TEXT,
    amount       TEXT NOT NULL,
    currency     TEXT NOT NULL,
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX ledger_parts_by_closing ON ledger_parts (connection, division, closed_by);
CREATE INDEX ledger_parts_by_source ON ledger_parts (connection, division, source_entry);

-- Entries to look at again: something that they close, or that they consist of, has changed.
CREATE TABLE ledger_pending (
    connection TEXT NOT NULL,
    division   BIGINT NOT NULL,
    entry_id   TEXT NOT NULL,
    PRIMARY KEY (connection, division, entry_id)
);

-- Money of the books that is recorded at the billing system, by our reference (P15).
CREATE TABLE receipts (
    connection  TEXT NOT NULL,
    reference   TEXT NOT NULL,
    division    BIGINT NOT NULL,
    closed_by   TEXT NOT NULL,
    line        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    document    TEXT,
    customer    TEXT NOT NULL,
    currency    TEXT NOT NULL,
    amount      BIGINT NOT NULL,
    transaction_id TEXT NOT NULL,
    standing    TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (connection, reference)
);
CREATE INDEX receipts_by_closing ON receipts (connection, division, closed_by);
CREATE INDEX receipts_by_transaction ON receipts (connection, transaction_id);

-- Booked entries that the books hold otherwise now (N9), by the row that differs.
CREATE TABLE drifts (
    connection   TEXT NOT NULL,
    division     BIGINT NOT NULL,
    entry_id     TEXT NOT NULL,
    row_id       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    number       TEXT NOT NULL,
    entry_number BIGINT NOT NULL,
    differences  TEXT NOT NULL,
    found_at     TEXT NOT NULL,
    accepted     BIGINT NOT NULL,
    PRIMARY KEY (connection, division, entry_id, row_id)
);
CREATE INDEX drifts_by_number ON drifts (connection, number);
