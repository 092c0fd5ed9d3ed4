//! VAT numbers: format and check digits (E28, N5). (under construction)
