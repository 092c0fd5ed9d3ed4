//! `$expand`: the row that a lookup leads to, or the rows that point to this one.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::failure::{Failure, Outcome};
use super::super::schema::{Relationship, Table};
use super::super::security::Verb;
use super::super::store::Row;
use super::options::{Expand, Options};
use super::render::Renderer;
use super::{list, page};

impl Renderer<'_> {
    /// Adds what is behind a navigation property.
    pub fn expanded(&self, table: &Table, row: &Row, expand: &Expand, out: &mut Map<String, Value>) -> Outcome<()> {
        let Expand { navigation, options } = expand;
        if let Some(way) = self.org.schema.single(&table.logical, navigation) {
            let way = self.way_of(table, row, way);
            let value = self.behind(row, way, options)?;
            out.insert(navigation.clone(), value);
            return Ok(());
        }
        let way = self.org.schema.collection(&table.logical, navigation);
        let way = way.ok_or_else(|| Failure::no_property(navigation, &table.logical))?;
        self.pointing(table, row, way, options, out)
    }

    /// Of several targets behind one navigation property, the one that the row's lookup has.
    fn way_of<'w>(&'w self, table: &'w Table, row: &Row, first: &'w Relationship) -> &'w Relationship {
        let ways = self.org.schema.from(&table.logical);
        let is_it = |way: &&Relationship| {
            way.referencing_navigation == first.referencing_navigation
                && matches!(row.get(&way.referencing_column), Some(super::super::cell::Cell::Link { table, .. }) if *table == way.referenced)
        };
        ways.into_iter().find(is_it).unwrap_or(first)
    }

    fn behind(&self, row: &Row, way: &Relationship, options: &Options) -> Outcome<Value> {
        let target = self.org.table(&way.referenced)?;
        self.org.need(self.context, Verb::Read, target)?;
        options.check(target)?;
        let Some(super::super::cell::Cell::Link { table, id }) = row.get(&way.referencing_column) else {
            return Ok(Value::Null);
        };
        // Behind the navigation of another target of the same lookup is nothing.
        let found = (*table == way.referenced).then(|| self.org.store.get(table, *id)).flatten();
        match found {
            Some(found) => Ok(Value::Object(self.row(target, found, options)?)),
            None => Ok(Value::Null),
        }
    }

    fn pointing(
        &self,
        table: &Table,
        row: &Row,
        way: &Relationship,
        options: &Options,
        out: &mut Map<String, Value>,
    ) -> Outcome<()> {
        let child = self.org.table(&way.referencing)?;
        let mut rows = list::matching(self.org, self.context, child, options, Some((way, row.id)))?;
        page::sort(&mut rows, &page::columns(child, &options.order)?);
        let most = options.top.unwrap_or(usize::MAX).min(self.prefer.page_size.unwrap_or(list::PAGE_MAX));
        let shown: &[Arc<Row>] = &rows[..rows.len().min(most)];
        let values: Vec<Value> =
            shown.iter().map(|row| self.row(child, row, options).map(Value::Object)).collect::<Outcome<_>>()?;
        let navigation = &way.referenced_navigation;
        out.insert(navigation.clone(), Value::Array(values));
        if let Some(last) = shown.last().filter(|_| options.top.is_none() && rows.len() > shown.len()) {
            let select =
                options.select.as_ref().map(|names| format!("$select={}&", names.join(","))).unwrap_or_default();
            let link = self.context.link(&table.entity_set, row.id);
            let token = page::token(1, shown.len(), last.id);
            out.insert(
                format!("{navigation}@odata.nextLink"),
                json!(format!("{link}/{navigation}?{select}$skiptoken={token}")),
            );
        }
        Ok(())
    }
}
