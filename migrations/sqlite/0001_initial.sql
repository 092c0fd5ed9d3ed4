-- Everything that a run remembers between runs, but for tokens: those live apart, in files of their own (I9).
-- Every row belongs to a connection; `division` is the administration. Instants are ISO 8601 in UTC, amounts are minor
-- units, nested values are JSON. Only types and syntax that PostgreSQL has too.

CREATE TABLE cursors (
    connection TEXT NOT NULL,
    scope      TEXT NOT NULL,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (connection, scope, name)
);

-- What is about to be created and whose outcome is not recorded yet (I1).
CREATE TABLE intents (
    connection   TEXT NOT NULL,
    kind         TEXT NOT NULL,
    identity     TEXT NOT NULL,
    number       TEXT NOT NULL,
    division     BIGINT NOT NULL,
    account      TEXT,
    payload_hash TEXT NOT NULL,
    content      TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    PRIMARY KEY (connection, kind, identity)
);

CREATE TABLE booked (
    connection   TEXT NOT NULL,
    kind         TEXT NOT NULL,
    identity     TEXT NOT NULL,
    number       TEXT NOT NULL,
    customer     TEXT NOT NULL,
    division     BIGINT NOT NULL,
    account      TEXT,
    entry_id     TEXT NOT NULL,
    entry_number BIGINT NOT NULL,
    year         BIGINT,
    period       BIGINT,
    currency     TEXT NOT NULL,
    total        BIGINT NOT NULL,
    payload_hash TEXT NOT NULL,
    entry        TEXT,
    adopted      BIGINT NOT NULL,
    booked_at    TEXT NOT NULL,
    voided_at    TEXT,
    PRIMARY KEY (connection, kind, identity)
);
CREATE INDEX booked_by_number ON booked (connection, kind, number);
CREATE INDEX booked_by_customer ON booked (connection, customer, division);
CREATE INDEX booked_by_entry ON booked (connection, entry_id);

CREATE TABLE held (
    connection TEXT NOT NULL,
    kind       TEXT NOT NULL,
    number     TEXT NOT NULL,
    identity   TEXT NOT NULL,
    customer   TEXT,
    currency   TEXT,
    total      BIGINT,
    reason     TEXT NOT NULL,
    message    TEXT NOT NULL,
    remedy     TEXT NOT NULL,
    since      TEXT NOT NULL,
    first_held TEXT NOT NULL,
    document   TEXT,
    PRIMARY KEY (connection, kind, number)
);

-- Payloads that the target refused, with what they stood on: not sent again unchanged (I5).
CREATE TABLE refused (
    connection  TEXT NOT NULL,
    identity    TEXT NOT NULL,
    attempt     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    message     TEXT NOT NULL,
    remedy      TEXT NOT NULL,
    refused_at  TEXT NOT NULL,
    PRIMARY KEY (connection, identity, attempt)
);

-- The billing system's records as last seen: catalogue, customers, subscription terms.
CREATE TABLE records (
    connection TEXT NOT NULL,
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    content    TEXT NOT NULL,
    PRIMARY KEY (connection, kind, id)
);

-- What a record became in an administration, or why it became nothing yet.
CREATE TABLE links (
    connection TEXT NOT NULL,
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    division   BIGINT NOT NULL,
    target     TEXT,
    sent_hash  TEXT,
    reason     TEXT,
    message    TEXT,
    remedy     TEXT,
    PRIMARY KEY (connection, kind, id, division)
);
CREATE INDEX links_by_target ON links (connection, kind, division, target);

-- The administration's own accounts and items as last seen by their row versions.
CREATE TABLE book_accounts (
    connection   TEXT NOT NULL,
    division     BIGINT NOT NULL,
    id           TEXT NOT NULL,
    code         TEXT,
    name         TEXT NOT NULL,
    vat_number   TEXT,
    chamber      TEXT,
    email        TEXT,
    search_code  TEXT,
    usable       BIGINT NOT NULL,
    state        TEXT NOT NULL,
    row_version  BIGINT NOT NULL,
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX book_accounts_by_vat ON book_accounts (connection, division, vat_number);
CREATE INDEX book_accounts_by_chamber ON book_accounts (connection, division, chamber);
CREATE INDEX book_accounts_by_email ON book_accounts (connection, division, email);
CREATE INDEX book_accounts_by_search_code ON book_accounts (connection, division, search_code);

CREATE TABLE book_items (
    connection      TEXT NOT NULL,
    division        BIGINT NOT NULL,
    id              TEXT NOT NULL,
    code            TEXT NOT NULL,
    item_group      TEXT,
    revenue_account TEXT,
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX book_items_by_code ON book_items (connection, division, code);

-- Ids that the administration has deleted, accounts merged away among them (E27).
CREATE TABLE book_deleted (
    connection TEXT NOT NULL,
    division   BIGINT NOT NULL,
    id         TEXT NOT NULL,
    PRIMARY KEY (connection, division, id)
);

-- The sales entries that the books held before our first one, by their reference (I1).
CREATE TABLE book_entries (
    connection   TEXT NOT NULL,
    division     BIGINT NOT NULL,
    entry_id     TEXT NOT NULL,
    entry_number BIGINT NOT NULL,
    your_ref     TEXT NOT NULL,
    credit       BIGINT NOT NULL,
    account      TEXT,
    currency     TEXT,
    total        TEXT NOT NULL,
    PRIMARY KEY (connection, division, entry_id)
);
CREATE INDEX book_entries_by_reference ON book_entries (connection, division, your_ref);

CREATE TABLE cache (
    connection TEXT NOT NULL,
    name       TEXT NOT NULL,
    read_at    TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (connection, name)
);

CREATE TABLE runs (
    connection TEXT NOT NULL,
    id         TEXT NOT NULL,
    started_at TEXT NOT NULL,
    report     TEXT NOT NULL,
    PRIMARY KEY (connection, id)
);
CREATE INDEX runs_by_start ON runs (connection, started_at);
