//! The boards' engine, against an oracle.

use shared::App;
use tests::boards::model::{self, Plan};
use tests::wire::Wire;

/// The app of the function that writes boards, over a wire.
pub fn app(cloud: &local::Cloud, wire: &Wire) -> App {
    let environment = cloud.functions().environment("projector").expect("the template's function");
    App::new(environment).expect("an app").with_clock(cloud.clock().clone()).with_http_client(wire.client("projector"))
}

#[tokio::test]
async fn every_answer_is_the_oracles() {
    for seed in [1, 2] {
        let cloud = tests::cloud_at_rest(&[]).await.expect("a cloud");
        let wire = Wire::default();
        let app = app(&cloud, &wire);
        let outcome = model::run(&app, &wire, Plan { operations: 4_000, members: 150, seed }).await;
        println!("{outcome:?}");
        outcome.expect("no answer but the oracle's");
    }
}
