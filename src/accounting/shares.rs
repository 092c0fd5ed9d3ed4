//! Exact splitting: each part but the last is rounded half away from zero, the last takes the rest (design §6, Lines).

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::money::Amount;

/// `total` in parts as the `weights` are to each other; the parts add up to `total` exactly. Weights of no sum give all to
/// the last.
pub(super) fn shares(total: Amount, weights: &[Amount]) -> Vec<Amount> {
    let Some(last) = weights.len().checked_sub(1) else { return Vec::new() };
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.0)).sum();
    let mut parts: Vec<Amount> = weights[..last].iter().map(|weight| portion(total, *weight, whole)).collect();
    let given: Amount = parts.iter().copied().sum();
    parts.push(total - given);
    parts
}

/// `total * weight / whole`, rounded half away from zero.
fn portion(total: Amount, weight: Amount, whole: i128) -> Amount {
    if whole == 0 {
        return Amount::ZERO;
    }
    let product = i128::from(total.0) * i128::from(weight.0);
    let (size, divisor) = (product.unsigned_abs(), whole.unsigned_abs());
    let rounded = i64::try_from((size + divisor / 2) / divisor).unwrap_or(i64::MAX);
    Amount(if (product < 0) == (whole < 0) { rounded } else { -rounded })
}

/// VAT of `rate` percent on top of `net`, rounded half away from zero; `None` beyond what can be counted.
pub(super) fn vat_on(net: Amount, rate: Decimal) -> Option<Amount> {
    rounded(Decimal::from(net.0).checked_mul(rate)?.checked_div(Decimal::ONE_HUNDRED)?)
}

/// VAT of `rate` percent inside `gross`, rounded half away from zero; `None` beyond what can be counted.
pub(super) fn vat_in(gross: Amount, rate: Decimal) -> Option<Amount> {
    let whole = rate.checked_add(Decimal::ONE_HUNDRED)?;
    rounded(Decimal::from(gross.0).checked_mul(rate)?.checked_div(whole)?)
}

fn rounded(value: Decimal) -> Option<Amount> {
    let whole = value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(whole).ok().map(Amount)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_away_from_zero_and_the_last_takes_the_rest() {
        let thirds = [Amount(1), Amount(1), Amount(1)];
        assert_eq!(shares(Amount(100), &thirds), [Amount(33), Amount(33), Amount(34)]);
        assert_eq!(shares(Amount(-1), &[Amount(1), Amount(1)]), [Amount(-1), Amount(0)]);
        assert_eq!(shares(Amount(7), &[Amount(0), Amount(0)]), [Amount(0), Amount(7)]);
        assert_eq!(shares(Amount(7), &[]), []);
        assert_eq!(vat_on(Amount(50), Decimal::from(21)), Some(Amount(11)));
        assert_eq!(vat_on(Amount(-50), Decimal::from(21)), Some(Amount(-11)));
        assert_eq!(vat_in(Amount(12_100), Decimal::from(21)), Some(Amount(2_100)));
    }

    proptest! {
        #[test]
        fn splitting_is_exact_and_no_part_is_off_by_more_than_the_number_of_parts(
            total in -1_000_000_000_000_i64..1_000_000_000_000,
            weights in prop::collection::vec(0_i64..1_000_000_000, 1..8),
        ) {
            let weights: Vec<Amount> = weights.into_iter().map(Amount).collect();
            let parts = shares(Amount(total), &weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().copied().sum::<Amount>(), Amount(total));
            let whole: i128 = weights.iter().map(|weight| i128::from(weight.0)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| whole > 0) {
                let off = i128::from(part.0) * whole - i128::from(total) * i128::from(weight.0);
                prop_assert!(off.abs() <= whole * weights.len() as i128);
            }
        }

        #[test]
        fn no_number_makes_the_sums_panic(total: i64, weights in prop::collection::vec(any::<i64>(), 0..4), rate in 0_i64..=100) {
            let weights: Vec<Amount> = weights.into_iter().map(Amount).collect();
            shares(Amount(total), &weights);
            vat_on(Amount(total), Decimal::from(rate));
            vat_in(Amount(total), Decimal::from(rate));
        }
    }
}
