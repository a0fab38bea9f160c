//! `interactive.type: catalog_message, product, product_list`: things from a catalogue.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

use super::list::judge_section_title;
use super::named;

const MOST_PRODUCTS: usize = 30;

/// `parameters` is there only to name a thumbnail.
pub(super) fn judge_message(action: &Field<'_>) -> Judged {
    action.only(&["name", "parameters"])?;
    named(action, "catalog_message")?;
    let Some(parameters) = action.optional("parameters") else { return Ok(()) };
    parameters.only(&["thumbnail_product_retailer_id"])?;
    parameters.required("thumbnail_product_retailer_id")?.some_text().map(|_| ())
}

pub(super) fn judge_product(action: &Field<'_>) -> Judged {
    action.only(&["catalog_id", "product_retailer_id"])?;
    action.required("catalog_id")?.some_text()?;
    action.required("product_retailer_id")?.some_text().map(|_| ())
}

pub(super) fn judge_product_list(action: &Field<'_>) -> Judged {
    action.only(&["catalog_id", "sections"])?;
    action.required("catalog_id")?.some_text()?;
    judge_product_sections(&action.required("sections")?)
}

/// Up to ten sections of products, and up to thirty products in them together.
pub(crate) fn judge_product_sections(list: &Field<'_>) -> Judged {
    let sections = list.items(1..=10)?;
    let mut products = 0_usize;
    for section in &sections {
        section.only(&["title", "product_items"])?;
        judge_section_title(section, sections.len())?;
        let items = section.required("product_items")?.items(1..=usize::MAX)?;
        for item in &items {
            item.only(&["product_retailer_id"])?;
            item.required("product_retailer_id")?.some_text()?;
        }
        products = products.saturating_add(items.len());
    }
    if products > MOST_PRODUCTS {
        return Err(list.refuse(format_args!(
            "must have at most {MOST_PRODUCTS} products in all sections together, not {products}"
        )));
    }
    Ok(())
}
