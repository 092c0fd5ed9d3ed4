-- What a CRM holds of the billing site's records, as it was sent: what is unchanged is not sent again.
CREATE TABLE crm_rows (
    connection  TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    -- Id of the record that this one is a part of.
    whole       TEXT COLLATE "C",
    fingerprint TEXT COLLATE "C" NOT NULL,
    deleted     BIGINT NOT NULL,
    written_at  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, kind, id)
);
CREATE INDEX crm_rows_by_whole ON crm_rows (connection, kind, whole);
