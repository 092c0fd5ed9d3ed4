-- Booked documents that are no more at the billing system are held for a person; an earlier version only named them.
INSERT INTO held (connection, kind, number, identity, customer, currency, total, reason, message, remedy, since, first_held)
SELECT connection, kind, number, identity, customer, currency, total, 'WithdrawnAfterBooking',
    CASE kind WHEN 'creditNote' THEN 'credit note' ELSE kind END || ' ' || number
        || ' was voided or deleted in Chargebee after it was booked as entry ' || entry_number || ' in division ' || division,
    'reverse entry ' || entry_number || ' in Exact Online, division ' || division
        || ', or let it stand; then run koppel held --release ' || number,
    voided_at, voided_at
FROM booked WHERE voided_at IS NOT NULL
ON CONFLICT (connection, kind, number) DO NOTHING;
