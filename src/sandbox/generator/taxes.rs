//! The tax of a line as the vendor would state it: by where the customer is and who it is.

/// The tax of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Tax {
    /// One rate in per cent, of this country.
    Rate { percent: i64, country: &'static str },
    /// Two rates on disjoint parts of the line; the first part in per cent of the line.
    Split { first: i64, first_share: i64, second: i64, country: &'static str },
    /// No tax row, but a reason.
    Exempt(&'static str),
}

/// One row of `line_item_taxes`, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct TaxPart {
    pub percent: i64,
    pub taxable: i64,
    pub tax: i64,
    pub country: &'static str,
}

/// EU members that Wolkwerk sells to, with their standard rate.
const MEMBERS: [(&str, i64); 6] = [("NL", 21), ("BE", 21), ("DE", 19), ("FR", 20), ("ES", 21), ("GR", 24)];

/// What a company of `home` charges a customer of this country: its own VAT at home, nothing to companies with a VAT
/// number elsewhere in the EU (reverse charge), the customer's own rate to anybody else there (OSS), nothing outside.
pub(in crate::sandbox) fn treatment(home: &str, country: &str, has_vat_number: bool) -> Tax {
    let Some((country, percent)) = MEMBERS.into_iter().find(|(member, _)| *member == country) else {
        return Tax::Exempt("export");
    };
    if country != home && has_vat_number {
        return Tax::Exempt("reverse_charge");
    }
    Tax::Rate { percent, country }
}

impl Tax {
    /// The tax rows of a line whose amount after discounts is `net`; it holds the tax already if `inclusive`.
    pub(in crate::sandbox) fn parts(&self, net: i64, inclusive: bool) -> Vec<TaxPart> {
        match *self {
            Tax::Exempt(_) => Vec::new(),
            Tax::Rate { percent, country } => vec![part(net, percent, inclusive, country)],
            Tax::Split { first, first_share, second, country } => {
                let own = rounded(net * first_share, 100);
                vec![part(own, first, inclusive, country), part(net - own, second, inclusive, country)]
            }
        }
    }
}

fn part(amount: i64, percent: i64, inclusive: bool, country: &'static str) -> TaxPart {
    let tax = if inclusive { amount - rounded(amount * 100, 100 + percent) } else { rounded(amount * percent, 100) };
    TaxPart { percent, taxable: if inclusive { amount - tax } else { amount }, tax, country }
}

/// `dividend / divisor`, half away from zero.
pub(super) fn rounded(dividend: i64, divisor: i64) -> i64 {
    (dividend.abs() * 2 + divisor) / (divisor * 2) * dividend.signum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!([rounded(5, 10), rounded(-5, 10), rounded(4, 10), rounded(0, 3)], [1, -1, 0, 0]);
    }

    #[test]
    fn an_inclusive_amount_splits_into_base_and_tax() {
        let parts = Tax::Rate { percent: 21, country: "NL" }.parts(12100, true);
        assert_eq!((parts[0].taxable, parts[0].tax), (10000, 2100));
    }

    #[test]
    fn two_rates_share_the_line_without_overlap() {
        let parts = Tax::Split { first: 21, first_share: 60, second: 9, country: "NL" }.parts(9999, false);
        assert_eq!(parts.iter().map(|part| part.taxable).sum::<i64>(), 9999);
        assert_eq!((parts[0].taxable, parts[0].tax, parts[1].tax), (5999, 1260, 360));
    }
}
