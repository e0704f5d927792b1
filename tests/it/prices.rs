//! The price list: no route costs more at the table than the price beside it says.

use tests::prices::{label, price_list};

use crate::world::slices;

#[tokio::test]
async fn every_route_has_a_price_and_keeps_to_it() {
    let lines = price_list().await.unwrap();
    for (slice, table) in slices() {
        for row in table.rows() {
            let label = label(row);
            assert!(lines.iter().any(|line| line.what == label), "{slice}: {label} was not measured");
        }
    }
    let over: Vec<_> = lines.iter().filter(|line| !line.holds()).collect();
    assert!(over.is_empty(), "{over:#?}");
}
