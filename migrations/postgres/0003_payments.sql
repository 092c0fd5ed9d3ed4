-- What payments need: the receivable account that a customer's account has of its own, the lines of money that the books held
-- before our first one, and what every booked payment did to its control account.

ALTER TABLE book_accounts ADD COLUMN receivable TEXT COLLATE "C";
-- The accounts are read anew: what is kept of them does not tell it.
DELETE FROM cursors WHERE name = 'accounts' AND scope LIKE 'exact:%';

-- By line: a line is told again when it is matched. Amounts in major units, as the books print them; money received is
-- positive.
CREATE TABLE book_money (
    connection   TEXT COLLATE "C" NOT NULL,
    division     BIGINT NOT NULL,
    line_id      TEXT COLLATE "C" NOT NULL,
    entry_id     TEXT COLLATE "C" NOT NULL,
    entry_number BIGINT NOT NULL,
    reference    TEXT COLLATE "C" NOT NULL,
    currency     TEXT COLLATE "C" NOT NULL,
    amount       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, division, line_id)
);
CREATE INDEX book_money_by_reference ON book_money (connection, division, reference);

-- In minor units of the entry's currency, both positive.
ALTER TABLE booked ADD COLUMN control_account TEXT COLLATE "C";
ALTER TABLE booked ADD COLUMN control_in BIGINT;
ALTER TABLE booked ADD COLUMN control_out BIGINT;
