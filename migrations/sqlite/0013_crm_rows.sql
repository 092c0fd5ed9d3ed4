-- What a CRM holds of the billing site's records, as it was sent: what is unchanged is not sent again.
CREATE TABLE crm_rows (
    connection  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    id          TEXT NOT NULL,
    -- Id of the record that this one is a part of.
    whole       TEXT,
    fingerprint TEXT NOT NULL,
    deleted     BIGINT NOT NULL,
    written_at  TEXT NOT NULL,
    PRIMARY KEY (connection, kind, id)
);
CREATE INDEX crm_rows_by_whole ON crm_rows (connection, kind, whole);
