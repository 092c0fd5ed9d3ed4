//! Money that moved or will (C13–C16).

use super::{Column, LinkColumn, Table};
use crate::domain::record::RecordKind;

pub(super) const TABLES: &[Table] = &[
    Table {
        kind: RecordKind::Payment,
        name: "payment",
        display: "CB Payment",
        display_plural: "CB Payments",
        columns: &[
            Column::word("status", "Status"),
            Column::instant("payment_date", "Payment Date"),
            Column::instant("settled_at", "Settled At"),
            Column::instant("voided_at", "Voided At"),
            Column::money("amount", "Amount"),
            Column::money("amount_unused", "Amount Unused"),
            Column::decimal("exchange_rate", "Chargebee Exchange Rate"),
            Column::word("payment_method", "Payment Method"),
            Column::word("gateway", "Gateway"),
            Column::text("gateway_account", "Gateway Account", 100),
            Column::text("id_at_gateway", "ID at Gateway", 150),
            Column::text("reference", "Reference", 150),
            Column::text("masked_number", "Masked Number", 50),
            Column::text("error_code", "Error Code", 150),
            Column::memo("error_text", "Error Text", 65_000),
            // The invoices that it is applied to, one a line: number and amount.
            Column::memo("applied_to", "Applied To", 100_000),
        ],
        links: &[
            LinkColumn::to("customer", "Customer", RecordKind::Customer),
            LinkColumn::to("subscription", "Subscription", RecordKind::Subscription),
            LinkColumn::to("payment_source", "Payment Source", RecordKind::PaymentSource),
            // Where it is applied to one invoice only.
            LinkColumn::to("invoice", "Invoice", RecordKind::Invoice),
        ],
    },
    Table {
        kind: RecordKind::Refund,
        name: "refund",
        display: "CB Refund",
        display_plural: "CB Refunds",
        columns: &[
            // A refund, or a reversal by the customer's bank.
            Column::word("refund_type", "Type"),
            Column::word("status", "Status"),
            Column::instant("refund_date", "Refund Date"),
            Column::instant("settled_at", "Settled At"),
            Column::instant("voided_at", "Voided At"),
            Column::money("amount", "Amount"),
            Column::decimal("exchange_rate", "Chargebee Exchange Rate"),
            Column::word("payment_method", "Payment Method"),
            Column::word("gateway", "Gateway"),
            Column::text("gateway_account", "Gateway Account", 100),
            Column::text("id_at_gateway", "ID at Gateway", 150),
            Column::text("reference", "Reference", 150),
            Column::text("error_code", "Error Code", 150),
            Column::memo("error_text", "Error Text", 65_000),
            // The credit notes that it pays out, one a line: number and amount.
            Column::memo("applied_to", "Applied To", 100_000),
        ],
        links: &[
            LinkColumn::to("customer", "Customer", RecordKind::Customer),
            LinkColumn::to("subscription", "Subscription", RecordKind::Subscription),
            // The payment that is given back.
            LinkColumn::to("payment", "Payment", RecordKind::Payment),
            LinkColumn::to("credit_note", "Credit Note", RecordKind::CreditNote),
        ],
    },
    Table {
        kind: RecordKind::PromotionalCredit,
        name: "promotional_credit",
        display: "CB Promotional Credit",
        display_plural: "CB Promotional Credits",
        columns: &[
            Column::word("movement", "Movement"),
            Column::money("amount", "Amount"),
            Column::money("closing_balance", "Closing Balance"),
            Column::word("credit_type", "Credit Type"),
            Column::memo("description", "Description", 2_000),
            Column::text("reference", "Reference", 500),
            Column::text("done_by", "Done By", 250),
            Column::instant("created_at", "Created in Chargebee"),
        ],
        links: &[LinkColumn::to("customer", "Customer", RecordKind::Customer)],
    },
    Table {
        kind: RecordKind::UnbilledCharge,
        name: "unbilled_charge",
        display: "CB Unbilled Charge",
        display_plural: "CB Unbilled Charges",
        columns: &[
            Column::memo("description", "Description", 2_000),
            Column::word("entity_type", "Entity Type"),
            Column::text("entity_id", "Entity ID", 100),
            Column::word("pricing_model", "Pricing Model"),
            Column::decimal("quantity", "Quantity"),
            Column::money("unit_amount", "Unit Amount"),
            Column::decimal("unit_amount_in_decimal", "Unit Amount in Decimal"),
            Column::money("amount", "Amount"),
            Column::money("discount", "Discount"),
            Column::instant("service_from", "Service From"),
            Column::instant("service_to", "Service To"),
            Column::flag("advance_charge", "Advance Charge"),
            Column::flag("voided", "Voided"),
            Column::instant("voided_at", "Voided At"),
            Column::instant("created_at", "Created in Chargebee"),
        ],
        links: &[
            LinkColumn::to("customer", "Customer", RecordKind::Customer),
            LinkColumn::to("subscription", "Subscription", RecordKind::Subscription),
            LinkColumn::to("item_price", "Item Price", RecordKind::ItemPrice),
        ],
    },
];
