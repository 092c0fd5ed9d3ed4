-- Everything that a run remembers between runs, but for tokens: those live apart, in files of their own (I9).
-- Every row belongs to a connection; `division` is the administration. Instants are ISO 8601 in UTC, amounts are minor
-- units, nested values are JSON. The same tables as in SQLite, for the same queries; text in the order of its bytes, as there.

CREATE TABLE cursors (
    connection TEXT COLLATE "C" NOT NULL,
    scope      TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    value      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, scope, name)
);

-- What is about to be created and whose outcome is not recorded yet (I1).
CREATE TABLE intents (
    connection   TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    identity     TEXT COLLATE "C" NOT NULL,
    number       TEXT COLLATE "C" NOT NULL,
    division     BIGINT NOT NULL,
    account      TEXT COLLATE "C",
    payload_hash TEXT COLLATE "C" NOT NULL,
    content      TEXT COLLATE "C" NOT NULL,
    created_at   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, kind, identity)
);

CREATE TABLE booked (
    connection   TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    identity     TEXT COLLATE "C" NOT NULL,
    number       TEXT COLLATE "C" NOT NULL,
    customer     TEXT COLLATE "C" NOT NULL,
    division     BIGINT NOT NULL,
    account      TEXT COLLATE "C",
    entry_id     TEXT COLLATE "C" NOT NULL,
    entry_number BIGINT NOT NULL,
    year         BIGINT,
    period       BIGINT,
    currency     TEXT COLLATE "C" NOT NULL,
    total        BIGINT NOT NULL,
    payload_hash TEXT COLLATE "C" NOT NULL,
    entry        TEXT COLLATE "C",
    adopted      BIGINT NOT NULL,
    booked_at    TEXT COLLATE "C" NOT NULL,
    voided_at    TEXT COLLATE "C",
    PRIMARY KEY (connection, kind, identity)
);
CREATE INDEX booked_by_number ON booked (connection, kind, number);
CREATE INDEX booked_by_customer ON booked (connection, customer, division);
CREATE INDEX booked_by_entry ON booked (connection, entry_id);

CREATE TABLE held (
    connection TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    identity   TEXT COLLATE "C" NOT NULL,
    customer   TEXT COLLATE "C",
    currency   TEXT COLLATE "C",
    total      BIGINT,
    reason     TEXT COLLATE "C" NOT NULL,
    message    TEXT COLLATE "C" NOT NULL,
    remedy     TEXT COLLATE "C" NOT NULL,
    since      TEXT COLLATE "C" NOT NULL,
    first_held TEXT COLLATE "C" NOT NULL,
    document   TEXT COLLATE "C",
    PRIMARY KEY (connection, kind, number)
);

-- Payloads that the target refused, with what they stood on: not sent again unchanged (I5).
CREATE TABLE refused (
    connection  TEXT COLLATE "C" NOT NULL,
    identity    TEXT COLLATE "C" NOT NULL,
    attempt     TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    message     TEXT COLLATE "C" NOT NULL,
    remedy      TEXT COLLATE "C" NOT NULL,
    refused_at  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, identity, attempt)
);

-- The billing system's records as last seen: catalogue, customers, subscription terms.
CREATE TABLE records (
    connection TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    content    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, kind, id)
);

-- What a record became in an administration, or why it became nothing yet.
CREATE TABLE links (
    connection TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    division   BIGINT NOT NULL,
    target     TEXT COLLATE "C",
    sent_hash  TEXT COLLATE "C",
    reason     TEXT COLLATE "C",
    message    TEXT COLLATE "C",
    remedy     TEXT COLLATE "C",
    PRIMARY KEY (connection, kind, id, division)
);
CREATE INDEX links_by_target ON links (connection, kind, division, target);

-- The administration's own accounts and items as last seen by their row versions.
CREATE TABLE book_accounts (
    connection   TEXT COLLATE "C" NOT NULL,
    division     BIGINT NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    code         TEXT COLLATE "C",
    name         TEXT COLLATE "C" NOT NULL,
    vat_number   TEXT COLLATE "C",
    chamber      TEXT COLLATE "C",
    email        TEXT COLLATE "C",
    search_code  TEXT COLLATE "C",
    usable       BIGINT NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    row_version  BIGINT NOT NULL,
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX book_accounts_by_vat ON book_accounts (connection, division, vat_number);
CREATE INDEX book_accounts_by_chamber ON book_accounts (connection, division, chamber);
CREATE INDEX book_accounts_by_email ON book_accounts (connection, division, email);
CREATE INDEX book_accounts_by_search_code ON book_accounts (connection, division, search_code);

CREATE TABLE book_items (
    connection      TEXT COLLATE "C" NOT NULL,
    division        BIGINT NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    code            TEXT COLLATE "C" NOT NULL,
    item_group      TEXT COLLATE "C",
    revenue_account TEXT COLLATE "C",
    PRIMARY KEY (connection, division, id)
);
CREATE INDEX book_items_by_code ON book_items (connection, division, code);

-- Ids that the administration has deleted, accounts merged away among them (E27).
CREATE TABLE book_deleted (
    connection TEXT COLLATE "C" NOT NULL,
    division   BIGINT NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, division, id)
);

-- The sales entries that the books held before our first one, by their reference (I1).
CREATE TABLE book_entries (
    connection   TEXT COLLATE "C" NOT NULL,
    division     BIGINT NOT NULL,
    entry_id     TEXT COLLATE "C" NOT NULL,
    entry_number BIGINT NOT NULL,
    your_ref     TEXT COLLATE "C" NOT NULL,
    credit       BIGINT NOT NULL,
    account      TEXT COLLATE "C",
    currency     TEXT COLLATE "C",
    total        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, division, entry_id)
);
CREATE INDEX book_entries_by_reference ON book_entries (connection, division, your_ref);

CREATE TABLE cache (
    connection TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    read_at    TEXT COLLATE "C" NOT NULL,
    value      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, name)
);

CREATE TABLE runs (
    connection TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    started_at TEXT COLLATE "C" NOT NULL,
    report     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, id)
);
CREATE INDEX runs_by_start ON runs (connection, started_at);

-- Who works on a connection (I1). A holder that gives no sign of life until `expires_at`, by this server's clock, has lost
-- it; `epoch` counts the holders.
CREATE TABLE locks (
    connection TEXT COLLATE "C" NOT NULL,
    holder     TEXT NOT NULL,
    described  TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (connection)
);
