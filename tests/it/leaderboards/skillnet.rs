//! SkillNet's leaderboard: points, swaps and stars, with the caller's own line beside the page.

use serde_json::{Value, json};
use shared::ids::MemberId;
use shared::model::profile::Profile;
use shared::visibility::Audience;

use super::{change, crowd, fill, give_cards, hide};
use crate::world::{Person, World};

const LEADERBOARD: &str = "/api/v1/leaderboard/";

/// A member who is signed in there.
async fn member(world: &World, name: &str) -> Person {
    let person = world.member(name).await;
    let token = world.enter(&person).await;
    person.bearing(&token)
}

/// Each line's member, score and rank.
fn lines(results: &Value) -> Vec<(u64, i64, i64)> {
    let line = |line: &Value| {
        (line["user"]["id"].as_u64().unwrap(), line["score"].as_i64().unwrap(), line["rank"].as_i64().unwrap())
    };
    results.as_array().expect("a list").iter().map(line).collect()
}

#[tokio::test]
async fn a_line_tells_of_a_member_whatever_the_board() {
    let world = World::new().await;
    let crowd = crowd(&world, 3).await;
    change(&world, crowd[0], |account| account.set("first_name", "Ines").set("avatar", "avatars/7/me.png")).await;
    let profile = Profile {
        title: Some("Sailmaker".to_owned()),
        location: Some("Vigo".to_owned()),
        phone: Some("+34".to_owned()),
        ..Profile::new(MemberId(crowd[0]))
    };
    world.app().table.put(&profile).await.unwrap();
    fill(&world, "xp/all/all", &[(crowd[0], 1_250), (crowd[1], 80)]).await;
    fill(&world, "swaps/all/all", &[(crowd[1], 5), (crowd[2], 3), (crowd[0], 3)]).await;
    fill(&world, "reviews/all/all", &[(crowd[0], 4_100)]).await;
    give_cards(&world, "reviews/all/all", &[(crowd[0], json!({ "rating": 4.6, "count": 12 }))]).await;
    let person = |id: u64, name: &str| {
        json!({
            "id": id, "username": name, "name": "", "profile_picture": null, "title": null, "location": null,
            "ratings": { "average": 0.0, "count": 0 },
        })
    };
    let mut ines = person(crowd[0], "player-0000");
    for (field, value) in
        [("name", "Ines"), ("profile_picture", "/media/avatars/7/me.png"), ("title", "Sailmaker"), ("location", "Vigo")]
    {
        ines[field] = json!(value);
    }
    world.visitor().get("/api/v1/leaderboard?by=swaps").await.is(
        200,
        json!({ "count": 3, "next": null, "previous": null, "me": null, "results": [
            {
                "rank": 1, "user": person(crowd[1], "player-0001"), "score": 5, "xp": 80, "level": 1,
                "completed_swaps": 5, "rating": 0.0, "rating_count": 0,
            },
            {
                "rank": 2, "user": person(crowd[2], "player-0002"), "score": 3, "xp": 0, "level": 1,
                "completed_swaps": 3, "rating": 0.0, "rating_count": 0,
            },
            {
                "rank": 2, "user": ines, "score": 3, "xp": 1_250, "level": 4,
                "completed_swaps": 3, "rating": 4.6, "rating_count": 12,
            },
        ] }),
    );
}

#[tokio::test]
async fn what_is_ranked_and_for_how_long_is_the_callers_choice() {
    let world = World::new().await;
    let crowd = crowd(&world, 12).await;
    let mut boards = Vec::new();
    for (by, name) in [("xp", "xp"), ("swaps", "swaps"), ("rating", "reviews")] {
        for (period, exact) in
            [("week", "week-2026-W05"), ("month", "month-2026-01"), ("year", "year-2026"), ("all", "all")]
        {
            fill(&world, &format!("{name}/all/{exact}"), &[(crowd[boards.len()], 7)]).await;
            boards.push(format!("by={by}&period={period}"));
        }
    }
    for (query, member) in boards.iter().zip(&crowd) {
        let page = world.visitor().get(&format!("{LEADERBOARD}?{query}")).await.assert(200).json();
        assert_eq!(lines(&page["results"]), [(*member, 7, 1)], "{query}");
    }
    let usual = world.visitor().get(LEADERBOARD).await.assert(200).json();
    assert_eq!(lines(&usual["results"]), [(crowd[3], 7, 1)]);
    for (query, field, expected) in [
        ("by=points", "by", "Expected one of `xp`, `swaps`, `rating`."),
        ("by=", "by", "Expected one of `xp`, `swaps`, `rating`."),
        ("by=XP", "by", "Expected one of `xp`, `swaps`, `rating`."),
        ("period=day", "period", "Expected one of `week`, `month`, `year`, `all`."),
        ("period=week-2026-W05", "period", "Expected one of `week`, `month`, `year`, `all`."),
    ] {
        world.visitor().get(&format!("{LEADERBOARD}?{query}")).await.is(400, json!({ field: [expected] }));
    }
}

#[tokio::test]
async fn pages_have_twenty_lines_and_ranks_skip_after_equals() {
    let world = World::new().await;
    let crowd = crowd(&world, 130).await;
    let scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 500 - number / 2)).collect();
    fill(&world, "xp/all/all", &scores).await;
    let get = async |query: &str| world.visitor().get(&format!("{LEADERBOARD}?{query}")).await;
    let second = get("page=2").await.assert(200).json();
    let expected = |from: usize, to: usize| {
        let line = |place: usize| (crowd[place], 500 - place as i64 / 2, place as i64 / 2 * 2 + 1);
        (from..to).map(line).collect::<Vec<_>>()
    };
    assert_eq!(lines(&second["results"]), expected(20, 40));
    let address = "http://guildhall.test/api/v1/leaderboard/";
    assert_eq!(second["previous"], json!(address));
    assert!(second["next"].as_str().unwrap().starts_with(&format!("{address}?page=3&cursor=")));
    assert_eq!(second["count"], 130);
    assert_eq!(lines(&get("page_size=1000").await.json()["results"]), expected(0, 100));
    assert_eq!(lines(&get("page_size=15&page=9").await.json()["results"]), expected(120, 130));
    for page in ["0", "8", "x", "-1"] {
        let refused = json!({ "detail": "Invalid page.", "code": "not_found" });
        get(&format!("page={page}")).await.is(404, refused);
    }
    assert_eq!(get("by=swaps").await.assert(200).json()["results"], json!([]));
}

#[tokio::test]
async fn callers_have_their_own_line_beside_any_page() {
    let world = World::new().await;
    let (ada, eve) = (member(&world, "ada").await, member(&world, "eve").await);
    let crowd = crowd(&world, 30).await;
    let mut scores: Vec<_> = crowd.iter().map(|member| (*member, 50)).collect();
    scores.push((ada.id(), 40));
    fill(&world, "xp/all/all", &scores).await;
    for query in ["", "?page=2", "?page_size=5"] {
        let page = ada.get(&format!("{LEADERBOARD}{query}")).await.assert(200).json();
        assert_eq!(page["count"], 31);
        let me = &page["me"];
        assert_eq!((&me["user"]["id"], &me["rank"], &me["score"]), (&json!(ada.id()), &json!(31), &json!(40)));
    }
    assert_eq!(ada.get(&format!("{LEADERBOARD}?by=swaps")).await.assert(200).json()["me"], Value::Null);
    assert_eq!(eve.get(LEADERBOARD).await.assert(200).json()["me"], Value::Null);
    assert_eq!(world.visitor().get(LEADERBOARD).await.json()["me"], Value::Null);
    let refused = world.visitor().bearing("x").get(LEADERBOARD).await.assert(401).json();
    assert_eq!(refused["code"], "token_not_valid");
    world.settle().await;
}

#[tokio::test]
async fn whoever_hides_or_is_out_is_not_shown() {
    let world = World::new().await;
    let (ada, bob) = (member(&world, "ada").await, member(&world, "bob").await);
    let crowd = crowd(&world, 4).await;
    let scores: Vec<_> = [ada.id(), bob.id()].iter().chain(&crowd).zip(0..).map(|(id, n)| (*id, 60 - n)).collect();
    fill(&world, "xp/all/all", &scores).await;
    world.block(&ada, &bob).await;
    hide(&world, crowd[0], Audience::Members).await;
    hide(&world, crowd[1], Audience::Owner).await;
    change(&world, crowd[2], |account| account.set("banned", true)).await;
    let shown = async |caller: &Person| {
        let page = caller.get(LEADERBOARD).await.assert(200).json();
        assert_eq!(page["count"], 6);
        lines(&page["results"]).iter().map(|line| line.2).collect::<Vec<_>>()
    };
    assert_eq!(shown(&world.visitor()).await, [1, 2, 6]);
    assert_eq!(shown(&ada).await, [1, 3, 6]);
    assert_eq!(shown(&bob).await, [2, 3, 6]);
    world.settle().await;
}
