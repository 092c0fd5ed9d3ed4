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
    let (origin, words) = match &piece.discount {
        None => (LineOrigin::Revenue, line.description.clone()),
        Some(discount) => (LineOrigin::Discount, format!("{}: {}", discount.coupon, line.description)),
    };
    let (entry, why) = bare(setting, Some(line), origin, target, code)?;
    let description = text::line_description(&words, deferral.billed);
    let entry = EntryLine { net: piece.net, vat: piece.vat, deferral: deferral.sent, description, ..entry };
    let why = LineExplanation { deferral: deferral.why.clone(), original_range: deferral.billed, ..why };
    Ok((entry, why))
}

/// The line that takes the document's rounding.
pub(super) fn rounding_line(setting: &Setting<'_>, amount: Amount) -> Result<Explained, Hold> {
    let (target, code) = rounding::target(setting.case)?;
    let (entry, why) = bare(setting, None, LineOrigin::Rounding, &target, &code)?;
    let why = LineExplanation { deferral: "rounding has no service period".to_owned(), ..why };
    Ok((EntryLine { net: amount, description: "Rounding".to_owned(), ..entry }, why))
}

/// A line with its account, code and dimensions, and no amounts, range or words yet; `line` is none for rounding.
fn bare(
    setting: &Setting<'_>,
    line: Option<&InvoiceLine>,
    origin: LineOrigin,
    target: &ChosenAccount<'_>,
    code: &ChosenCode<'_>,
) -> Result<Explained, Hold> {
    let dimension =
        |which| dimensions::of(setting.case, which, line, target.account, setting.placement.period.key.year);
    let (cost_center, cost_unit) = (dimension(Which::CostCenter)?, dimension(Which::CostUnit)?);
    let entry = EntryLine {
        origin,
        source_line: line.map(|line| line.id.clone()),
        account: target.reference(),
        net: Amount::ZERO,
        vat: Amount::ZERO,
        vat_code: code.code.code.clone(),
        vat_included: code.is_included(),
        cost_center: cost_center.code,
        cost_unit: cost_unit.code,
        deferral: None,
        description: String::new(),
        credits: None,
    };
    let why = LineExplanation {
        revenue_account: target.why.clone(),
        vat_code: code.why.clone(),
        cost_center: cost_center.why,
        cost_unit: cost_unit.why,
        ..LineExplanation::default()
    };
    Ok((entry, why))
}
