//! Deleting a row, and what becomes of the rows that point to it.

use super::super::failure::{Failure, Outcome};
use super::super::org::Org;
use super::super::schema::{OnDelete, Relationship};
use uuid::Uuid;

/// Deletes a row with what goes with it. Nothing is deleted where a row that must not lose it points to it.
pub fn delete(org: &mut Org, table: &str, id: Uuid) -> Outcome<()> {
    let ways: Vec<Relationship> = org.schema.to(table).cloned().collect();
    for way in ways.iter().filter(|way| way.on_delete == OnDelete::Restrict) {
        if !org.store.pointing(&way.referencing, &way.referencing_column, table, id).is_empty() {
            return Err(Failure::associated(table));
        }
    }
    for way in &ways {
        for row in org.store.pointing(&way.referencing, &way.referencing_column, table, id) {
            match way.on_delete {
                // It may be gone already, by another way of the same cascade.
                OnDelete::Cascade if org.store.get(&way.referencing, row).is_some() => {
                    delete(org, &way.referencing, row)?
                }
                OnDelete::RemoveLink => unlink(org, way, row),
                OnDelete::Cascade | OnDelete::Restrict | OnDelete::NoCascade => {}
            }
        }
    }
    if org.store.get(table, id).is_some() {
        org.store.remove(table, id);
    }
    Ok(())
}

fn unlink(org: &mut Org, way: &Relationship, id: Uuid) {
    if let Some(row) = org.store.get(&way.referencing, id) {
        let mut row = (**row).clone();
        row.set(&way.referencing_column, None);
        org.store.put(&way.referencing, row);
    }
}
