//! What members are good at.

use serde_json::json;
use shared::ids::MemberId;
use shared::model::skill::TrainedSkill;

use super::member;
use crate::world::World;

#[tokio::test]
async fn skills_are_listed_the_best_first_with_their_levels() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    world
        .visitor()
        .get("/api/user-skills/?username=ada")
        .await
        .is(200, json!({ "count": 0, "next": null, "previous": null, "results": [] }));
    for (skill, name, class_name, experience) in
        [(1, "Strength", "Titan", 1_000), (2, "Endurance", "Runner", 8_000), (3, "Balance", "Monk", 1_000)]
    {
        let (name, class_name) = (name.to_owned(), class_name.to_owned());
        let trained = TrainedSkill { member: MemberId(ada.id()), skill, name, class_name, experience };
        world.app().table.put(&trained).await.unwrap();
    }
    let page = world.visitor().get("/api/user-skills?username=ADA&page_size=2").await.assert(200).json();
    let skill = |id: u64, name: &str, class_name: &str, experience: i64, level: u64| {
        json!({
            "id": id, "experience": experience, "level": level, "user": ada.id(),
            "skill": { "id": id, "name": name, "class_name": class_name },
        })
    };
    let shown = [skill(2, "Endurance", "Runner", 8_000, 4), skill(1, "Strength", "Titan", 1_000, 1)];
    assert_eq!((&page["count"], &page["results"]), (&json!(3), &json!(shown)));
    let page = world.visitor().get("/api/user-skills/?username=ada&page_size=2&page=2").await.assert(200).json();
    assert_eq!(page["results"], json!([skill(3, "Balance", "Monk", 1_000, 1)]));
    let lost = world.visitor().get("/api/user-skills/?username=ada&page=2").await;
    lost.is(404, json!({ "detail": "Invalid page." }));
    world.settle().await;
}
