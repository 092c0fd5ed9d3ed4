//! Pieces become entry lines: account, VAT code, dimensions, range and description, with the reason for each (N11).

use super::case::Case;
use super::context::LineExplanation;
use super::deferral::{self, Deferral};
use super::dimensions::{self, Which};
use super::discounts::LineDiscounted;
use super::periods::Placement;
use super::pieces::{LinePieces, Piece};
use super::position::Position;
use super::revenue::{self, ChosenAccount};
use super::vat::{self, ChosenCode};
use super::{rounding, text};
use crate::domain::entry::{EntryLine, LineOrigin};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::InvoiceLine;
use crate::domain::master::AccountKind;
use crate::domain::money::Amount;

/// An entry line and why it is so.
pub(super) type Explained = (EntryLine, LineExplanation);

/// What all lines of an entry share.
pub(super) struct Setting<'a> {
    pub case: &'a Case<'a>,
    pub position: &'a Position,
    pub placement: Placement,
}

/// The entry lines of one invoice line.
pub(super) fn dress(setting: &Setting<'_>, line: &LinePieces<'_>) -> Result<Vec<Explained>, Hold> {
    let case = setting.case;
    let account = revenue::account(case, line.line)?;
    let deferral = deferral::of(case, line.line, &setting.placement.period)?;
    let dress_piece = |piece: &Piece<'_>| {
        let code = vat::code(case, setting.position, line.line, piece.tax)?;
        let target = match &piece.discount {
            None => account.clone(),
            Some(discount) => discount_account(case, line.line, discount)?,
        };
        entry_line(setting, line.line, piece, &target, &code, &deferral)
    };
    line.pieces.iter().map(dress_piece).collect()
}

fn discount_account<'a>(
    case: &'a Case<'_>,
    line: &InvoiceLine,
    discount: &LineDiscounted<'_>,
) -> Result<ChosenAccount<'a>, Hold> {
    let because = format!("RevenueRule {} (coupon {})", discount.rule, discount.coupon);
    let remedy = format!("change revenueAccount of RevenueRule {}", discount.rule);
    revenue::by_code(case, discount.account, &[AccountKind::Revenue, AccountKind::Other], &because)
        .map_err(|problem| case.hold_line(line, HoldReason::RevenueAccountMissing, problem, remedy))
}

fn entry_line(
    setting: &Setting<'_>,
    line: &InvoiceLine,
    piece: &Piece<'_>,
    target: &ChosenAccount<'_>,
    code: &ChosenCode<'_>,
    deferral: &Deferral,
) -> Result<Explained, Hold> {
    let (case, book_year) = (setting.case, setting.placement.period.key.year);
    let cost_center = dimensions::of(case, Which::CostCenter, Some(line), target.account, book_year)?;
    let cost_unit = dimensions::of(case, Which::CostUnit, Some(line), target.account, book_year)?;
    let (origin, words) = match &piece.discount {
        None => (LineOrigin::Revenue, line.description.clone()),
        Some(discount) => (LineOrigin::Discount, format!("{}: {}", discount.coupon, line.description)),
    };
    let entry = EntryLine {
        origin,
        source_line: Some(line.id.clone()),
        account: target.reference(),
        net: piece.net,
        vat: piece.vat,
        vat_code: code.code.code.clone(),
        vat_included: code.is_included(),
        cost_center: cost_center.code,
        cost_unit: cost_unit.code,
        deferral: deferral.sent,
        description: text::line_description(&words, deferral.billed),
    };
    let why = LineExplanation {
        revenue_account: target.why.clone(),
        vat_code: code.why.clone(),
        deferral: deferral.why.clone(),
        cost_center: cost_center.why,
        cost_unit: cost_unit.why,
        original_range: deferral.billed,
    };
    Ok((entry, why))
}

/// The line that takes the document's rounding.
pub(super) fn rounding_line(setting: &Setting<'_>, amount: Amount) -> Result<Explained, Hold> {
    let (case, book_year) = (setting.case, setting.placement.period.key.year);
    let (target, code) = rounding::target(case)?;
    let cost_center = dimensions::of(case, Which::CostCenter, None, target.account, book_year)?;
    let cost_unit = dimensions::of(case, Which::CostUnit, None, target.account, book_year)?;
    let entry = EntryLine {
        origin: LineOrigin::Rounding,
        source_line: None,
        account: target.reference(),
        net: amount,
        vat: Amount::ZERO,
        vat_code: code.code.code.clone(),
        vat_included: code.is_included(),
        cost_center: cost_center.code,
        cost_unit: cost_unit.code,
        deferral: None,
        description: "Rounding".to_owned(),
    };
    let why = LineExplanation {
        revenue_account: target.why,
        vat_code: code.why,
        deferral: "rounding has no service period".to_owned(),
        cost_center: cost_center.why,
        cost_unit: cost_unit.why,
        original_range: None,
    };
    Ok((entry, why))
}
