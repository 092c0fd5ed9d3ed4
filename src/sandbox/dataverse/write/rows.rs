//! Creating, updating and deleting one row, with everything that the platform does on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::call::Context;
use super::super::cell::Cell;
use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{Kind, Required, Table};
use super::super::security::Verb;
use super::super::store::Row;
use super::payload::Payload;
use super::{addresses, cascade, changes, money, quotes, state, system};

/// Writes rows for one caller. What it does is undone by the transaction around it.
pub struct Writer<'a> {
    pub org: &'a mut Org,
    pub context: &'a Context,
}

impl Writer<'_> {
    /// Makes a row from JSON.
    pub fn create_json(&mut self, table: &str, body: &Map<String, Value>) -> Outcome<Uuid> {
        let payload = Payload::read(self.org, self.context, self.org.table(table)?, body)?;
        self.create(table, payload)
    }

    /// Makes a row, with the nested ones.
    pub fn create(&mut self, table: &str, mut payload: Payload) -> Outcome<Uuid> {
        let definition = self.org.table(table)?.clone();
        self.org.need(self.context, Verb::Create, &definition)?;
        for (way, body) in std::mem::take(&mut payload.above) {
            let id = self.create_json(&way.referenced, &body)?;
            payload.cells.insert(way.referencing_column, Some(Cell::Link { table: way.referenced, id }));
        }
        self.need_links(&definition, &payload.cells)?;
        let mut row = Row::new(payload.id.unwrap_or_else(Uuid::new_v4));
        if self.org.store.get(table, row.id).is_some() {
            return Err(Failure::duplicate());
        }
        row.set(&definition.primary_id, Some(Cell::Id(row.id)));
        defaults(&definition, &mut row);
        for (name, cell) in payload.cells {
            row.set(&name, cell);
        }
        state::initial(&definition, &mut row);
        self.own(&definition, &mut row)?;
        quotes::prepare(self.org, &definition, &mut row)?;
        system::check(self.org, &definition, &row)?;
        system::fill(self.org, &definition, &mut row);
        self.complete(&definition, &mut row)?;
        self.stamp(&definition, &mut row, true);
        let row = self.put(&definition, row)?;
        self.after_create(&definition, &row)?;
        for (way, mut body) in payload.below {
            body.remove(&format!("{}@odata.bind", way.referencing_navigation));
            let child = self.org.table(&way.referencing)?.clone();
            let mut nested = Payload::read(self.org, self.context, &child, &body)?;
            nested
                .cells
                .insert(way.referencing_column.clone(), Some(Cell::Link { table: table.to_owned(), id: row.id }));
            self.create(&way.referencing, nested)?;
        }
        Ok(row.id)
    }

    /// Changes a row.
    pub fn update(&mut self, table: &str, id: Uuid, payload: Payload) -> Outcome<()> {
        let definition = self.org.table(table)?.clone();
        let depth = self.org.need(self.context, Verb::Write, &definition)?;
        let old = self.org.store.get(table, id).cloned().ok_or_else(|| Failure::does_not_exist(table, id))?;
        self.org.need_reach(self.context, depth, Verb::Write, &definition, &old)?;
        if !payload.above.is_empty() || !payload.below.is_empty() {
            return Err(Failure::not_supported("Nested rows cannot be written in an update."));
        }
        self.need_links(&definition, &payload.cells)?;
        let (sent_state, sent_status) =
            (payload.cells.contains_key("statecode"), payload.cells.contains_key("statuscode"));
        let sent_owner = payload.cells.contains_key("ownerid");
        let mut row = (*old).clone();
        changes::refuse(self.org, &definition, &old, &payload)?;
        for (name, cell) in payload.cells {
            row.set(&name, cell);
        }
        state::settle(&definition, &mut row, sent_state, sent_status)?;
        if sent_owner && row.get("ownerid") != old.get("ownerid") {
            self.org.need(self.context, Verb::Assign, &definition)?;
            self.own(&definition, &mut row)?;
        }
        self.complete(&definition, &mut row)?;
        self.stamp(&definition, &mut row, false);
        let row = self.put(&definition, row)?;
        self.after_update(&definition, &old, &row)
    }

    /// Deletes a row with what goes with it.
    pub fn delete(&mut self, table: &str, id: Uuid) -> Outcome<()> {
        let definition = self.org.table(table)?.clone();
        let depth = self.org.need(self.context, Verb::Delete, &definition)?;
        let old = self.org.store.get(table, id).cloned().ok_or_else(|| Failure::does_not_exist(table, id))?;
        self.org.need_reach(self.context, depth, Verb::Delete, &definition, &old)?;
        cascade::delete(self.org, table, id)?;
        quotes::after_line(self.org, &definition, &old)
    }

    /// Writing lookups needs a privilege on both tables.
    fn need_links(&self, definition: &Table, cells: &BTreeMap<String, Option<Cell>>) -> Outcome<()> {
        let links = cells.iter().filter(|(name, _)| name.as_str() != "ownerid").filter_map(|(_, cell)| match cell {
            Some(Cell::Link { table, .. }) => Some(table),
            _ => None,
        });
        let mut any = false;
        for target in links {
            any = true;
            self.org.need(self.context, Verb::AppendTo, self.org.table(target)?)?;
        }
        if any {
            self.org.need(self.context, Verb::Append, definition)?;
        }
        Ok(())
    }

    /// The columns that follow from the owner, who must be able to read the row.
    fn own(&self, definition: &Table, row: &mut Row) -> Outcome<()> {
        if !definition.has_owner() {
            return Ok(());
        }
        let caller = || Cell::Link { table: "systemuser".to_owned(), id: self.context.caller };
        let owner = row.get("ownerid").cloned().unwrap_or_else(caller);
        let Cell::Link { table, id } = &owner else { return Ok(()) };
        if *id != self.context.caller {
            self.org.need_of(*id, self.context.caller, Verb::Read, definition)?;
        }
        let unit = self.org.store.get(table, *id).and_then(|owner| owner.get("businessunitid").cloned());
        let (user, team) = if table == "team" { (None, Some(owner.clone())) } else { (Some(owner.clone()), None) };
        row.set("owninguser", user);
        row.set("owningteam", team);
        row.set("owningbusinessunit", unit);
        row.set("ownerid", Some(owner));
        Ok(())
    }

    /// What the platform computes, and what it then insists on.
    fn complete(&self, definition: &Table, row: &mut Row) -> Outcome<()> {
        changes::compute(definition, row);
        quotes::price(self.org, definition, row);
        money::settle(self.org, definition, row, self.context.caller)?;
        for column in definition.columns.values() {
            let needed = column.required == Required::System && !column.read_only;
            if needed
                && row.get(&column.logical).is_none()
                && !matches!(column.kind, Kind::PrimaryId | Kind::Choice { .. })
            {
                let message = format!("Attribute: {} cannot be set to NULL", column.logical);
                return Err(Failure::argument(message));
            }
        }
        self.obey_plug_ins(definition, row)
    }

    fn obey_plug_ins(&self, definition: &Table, row: &Row) -> Outcome<()> {
        let refuses =
            |column: &str, value: &str| row.get(column).is_some_and(|cell| cell.key_text() == value.to_lowercase());
        if self.context.bypasses {
            return Ok(());
        }
        let of_table = self.org.plug_ins.iter().filter(|plug_in| plug_in.table == definition.logical);
        match of_table.into_iter().find(|plug_in| refuses(&plug_in.column, &plug_in.value)) {
            Some(plug_in) => Err(Failure::plug_in(&plug_in.message)),
            None => Ok(()),
        }
    }

    /// Who wrote the row and when.
    fn stamp(&self, definition: &Table, row: &mut Row, is_new: bool) {
        let now = Cell::Moment(self.org.now());
        let who = Cell::Link { table: "systemuser".to_owned(), id: self.context.caller };
        let mut set = |name: &str, cell: &Cell| {
            if definition.columns.contains_key(name) {
                row.set(name, Some(cell.clone()));
            }
        };
        if is_new {
            set("createdon", &now);
            set("createdby", &who);
        }
        set("modifiedon", &now);
        set("modifiedby", &who);
    }

    /// Writes the row unless it stands in another one's place.
    fn put(&mut self, definition: &Table, row: Row) -> Outcome<Arc<Row>> {
        if let Some((index, holder)) = self.org.store.conflict(&definition.logical, &row) {
            return Err(Failure::duplicate_key(&index.name, &index.columns, holder));
        }
        Ok(self.org.store.put(&definition.logical, row))
    }

    fn after_create(&mut self, definition: &Table, row: &Arc<Row>) -> Outcome<()> {
        addresses::of_new_parent(self.org, definition, row);
        quotes::after_line(self.org, definition, row)?;
        quotes::recalculate_if_quote(self.org, definition, row.id)
    }

    fn after_update(&mut self, definition: &Table, old: &Arc<Row>, row: &Arc<Row>) -> Outcome<()> {
        addresses::of_changed_parent(self.org, definition, old, row);
        addresses::of_changed_address(self.org, definition, row);
        quotes::after_line(self.org, definition, row)?;
        if changes::touches_price(definition, old, row) {
            quotes::recalculate_if_quote(self.org, definition, row.id)?;
        }
        Ok(())
    }
}

/// What a new row has before anything is written to it.
fn defaults(definition: &Table, row: &mut Row) {
    for column in definition.columns.values() {
        let cell = match &column.kind {
            Kind::Bool { default, .. } => Some(Cell::Bool(*default)),
            Kind::Choice { options, .. } if column.required == Required::System => {
                options.first().map(|option| Cell::Int(option.value))
            }
            _ => None,
        };
        if cell.is_some() {
            row.set(&column.logical, cell);
        }
    }
}
