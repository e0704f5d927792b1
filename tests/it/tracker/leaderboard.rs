//! The leaderboard: order, ranks, pages, filters, and how the boards behind it follow.

use local::Delivery;
use local::endpoints::platforms::Account;
use serde_json::{Value, json};
use shared::boards::{self, Act, ScoreChange, read};
use shared::coding::boards::{By, Card, acts};
use shared::ids::{EventId, MemberId, ProfileId};
use shared::model::coding::{CodingProfile, Fetch, Figures};
use shared::platforms::Platform;

use super::{coder, subscriber, told};
use crate::world::{Person, World};

/// Names and ranks of the lines of a page.
fn lines(page: &Value) -> Vec<(String, i64)> {
    let line = |line: &Value| (line["username"].as_str().unwrap().to_owned(), line["rank"].as_i64().unwrap());
    page["results"].as_array().unwrap().iter().map(line).collect()
}

async fn page(person: &Person, query: &str) -> Value {
    person.get(&format!("/leaderboard{query}")).await.assert(200).json()
}

fn is(name: &str, rank: i64) -> (String, i64) {
    (name.to_owned(), rank)
}

/// Fills the boards with profiles of members who are nobody, `number` from 1 on.
async fn crowd(world: &World, numbers: std::ops::RangeInclusive<u64>, figures: impl Fn(u64) -> Figures) {
    let app = crate::boards::app(&world.cloud, &tests::wire::Wire::default());
    let changes = numbers.flat_map(|number| {
        let id = (1 << 40) + number;
        let profile = CodingProfile {
            id: ProfileId(id),
            member: MemberId(id),
            platform: Platform::Codeforces,
            username: format!("coder{number:05}"),
            figures: figures(number),
            group: None,
            updated_at: world.clock.now(),
            fetched_at: None,
            fetch: Fetch::Success,
        };
        By::ALL.into_iter().flat_map(move |by| {
            let (acts, boards) = (acts(by, &profile).unwrap(), by.boards_of(&profile));
            let change = |board, act: Act| ScoreChange { board, member: MemberId(id), event: EventId(1), act };
            boards
                .into_iter()
                .flat_map(move |board| acts.clone().map(|act| change(board.clone(), act)))
                .collect::<Vec<_>>()
        })
    });
    boards::apply(&app, changes.collect::<Vec<_>>()).await.unwrap();
}

#[tokio::test]
async fn figures_decide_then_the_other_figures_and_what_has_none_comes_last() {
    let world = World::new().await;
    let mut people = Vec::new();
    for (name, rating, solved) in [
        ("pending", None, None),
        ("unrated", Some(-1), Some(300)),
        ("best", Some(2100), Some(10)),
        ("busy", Some(1500), Some(500)),
        ("lazy", Some(1500), Some(20)),
        ("idle", Some(-1), Some(0)),
        ("new", Some(0), Some(1)),
    ] {
        let person = coder(&world, name, "LeetCode").await;
        told(&world, &person, Platform::LeetCode, [rating, solved, Some(3)]).await;
        people.push(person);
    }
    let ada = &people[0];
    let by_rating = page(ada, "").await;
    assert_eq!(
        lines(&by_rating),
        [is("best", 1), is("busy", 2), is("lazy", 2), is("new", 4), is("unrated", 5), is("idle", 5), is("pending", 5)]
    );
    let own = ada.get("/my-profiles").await.json()["profiles"][0].clone();
    let best = &by_rating["results"][0];
    let expected = json!({
        "id": best["id"], "platform_name": "LeetCode", "username": "best", "last_rating": 2100, "problems_solved": 10,
        "contests_attended": 3, "subscriber_id": people[2].id(), "rank": 1,
    });
    assert_eq!(best, &expected);
    assert_eq!(by_rating["results"][4]["last_rating"], -1);
    assert_eq!(by_rating["results"][6]["last_rating"], Value::Null);
    let around = json!({
        "page": 1, "pages": 1, "sort_by": "rating", "filters": { "platform": null, "group": null },
        "user_rankings": { "LeetCode": { "rank": 5, "total_in_leaderboard": 7, "profile": own } },
    });
    for (key, value) in around.as_object().unwrap() {
        assert_eq!(&by_rating[key], value, "{key}");
    }
    let by_solved = page(ada, "?sort_by=problems_solved").await;
    assert_eq!(by_solved["sort_by"], "problems_solved");
    assert_eq!(
        lines(&by_solved),
        [is("busy", 1), is("unrated", 2), is("lazy", 3), is("best", 4), is("new", 5), is("idle", 6), is("pending", 7)]
    );
    let other = page(ada, "?sort_by=nonsense").await;
    assert_eq!((lines(&other), &other["sort_by"]), (lines(&by_rating), &json!("nonsense")));
    // It follows what is told.
    told(&world, &people[0], Platform::LeetCode, [Some(2100), Some(11), None]).await;
    let lines_now = lines(&page(ada, "").await);
    assert_eq!(lines_now[..3], [is("pending", 1), is("best", 1), is("busy", 3)]);
    world.visitor().get("/leaderboard").await.is(401, json!({ "error": "not logged in" }));
    let bob = world.member("bob").await;
    bob.get("/leaderboard").await.is(404, json!({ "error": "subscriber not found" }));
    world.settle().await;
}

#[tokio::test]
async fn filters_show_a_platform_and_ones_own_group() {
    let world = World::new().await;
    let (ada, bob) = (coder(&world, "ada", "LeetCode").await, coder(&world, "bob", "CodeChef").await);
    let eve = coder(&world, "eve", "LeetCode").await;
    let more = json!({ "platform_name": "CodeChef", "username": "ada-chef" });
    ada.post("/add_platform_profile", more).await.assert(200);
    for (person, group) in [(&ada, "Owls"), (&eve, "Larks")] {
        let found = json!({ "action": "create_group", "group_name": group });
        person.post("/create_or_join_group/", found).await.assert(200);
    }
    let joined = json!({ "action": "join_group", "existing_group_name": "Owls" });
    bob.post("/create_or_join_group/", joined).await.assert(200);
    world.settle().await;
    told(&world, &ada, Platform::LeetCode, [Some(1400), Some(1), Some(1)]).await;
    told(&world, &ada, Platform::CodeChef, [Some(1300), Some(1), Some(1)]).await;
    told(&world, &bob, Platform::CodeChef, [Some(1350), Some(1), Some(1)]).await;
    told(&world, &eve, Platform::LeetCode, [Some(2000), Some(1), Some(1)]).await;
    let all = page(&ada, "").await;
    assert_eq!(lines(&all), [is("eve", 1), is("ada", 2), is("bob", 3), is("ada-chef", 4)]);
    assert_eq!(all["user_rankings"]["LeetCode"]["rank"], 2);
    assert_eq!(all["user_rankings"]["CodeChef"]["rank"], 4);
    let chefs = page(&ada, "?platform=CodeChef").await;
    assert_eq!(lines(&chefs), [is("bob", 1), is("ada-chef", 2)]);
    assert_eq!(chefs["filters"], json!({ "platform": "CodeChef", "group": null }));
    assert_eq!(chefs["user_rankings"].as_object().unwrap().keys().collect::<Vec<_>>(), ["CodeChef"]);
    assert_eq!(chefs["user_rankings"]["CodeChef"]["total_in_leaderboard"], 2);
    let owls = page(&bob, "?group=owls").await;
    assert_eq!(lines(&owls), [is("ada", 1), is("bob", 2), is("ada-chef", 3)]);
    let both = page(&bob, "?group=Owls&platform=LeetCode").await;
    assert_eq!((lines(&both), &both["user_rankings"]), (vec![is("ada", 1)], &json!({})));
    let nothing = |filters: Value| {
        json!({
            "results": [], "page": 1, "pages": 1, "sort_by": "rating", "filters": filters, "user_rankings": {},
        })
    };
    let larks = nothing(json!({ "platform": null, "group": "Larks" }));
    assert_eq!(page(&ada, "?group=Larks&page=7").await, larks);
    let unknown = nothing(json!({ "platform": "AtCoder", "group": null }));
    assert_eq!(page(&ada, "?platform=AtCoder").await, unknown);
    // A group's board forgets whoever leaves it, and shows whoever comes.
    bob.post("/create_or_join_group/", json!({ "action": "leave_group" })).await.assert(200);
    world.settle().await;
    assert_eq!(lines(&page(&ada, "?group=Owls").await), [is("ada", 1), is("ada-chef", 2)]);
    assert_eq!(page(&bob, "?group=Owls").await["results"], json!([]));
}

#[tokio::test]
async fn pages_have_ten_lines_and_beyond_the_last_comes_the_last() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let empty = page(&ada, "?page=3").await;
    assert_eq!((&empty["page"], &empty["pages"], &empty["results"]), (&json!(1), &json!(1), &json!([])));
    crowd(&world, 1..=25, |number| Figures { rating: Some(number as i64), solved: Some(0), contests: None }).await;
    let expected =
        |first: i64, last: i64| (first..=last).map(|rank| (format!("coder{:05}", 26 - rank), rank)).collect::<Vec<_>>();
    for (query, number, first, last) in [
        ("", 1, 1, 10),
        ("?page=1", 1, 1, 10),
        ("?page=x", 1, 1, 10),
        ("?page=", 1, 1, 10),
        ("?page=-1", 1, 1, 10),
        ("?page=0", 1, 1, 10),
        ("?page=2", 2, 11, 20),
        ("?page=3", 3, 21, 25),
        ("?page=4", 3, 21, 25),
        ("?page=18446744073709551615", 3, 21, 25),
    ] {
        let page = page(&ada, query).await;
        assert_eq!((&page["page"], &page["pages"]), (&json!(number), &json!(3)), "{query}");
        assert_eq!(lines(&page), expected(first, last), "{query}");
    }
    world.settle().await;
}

#[tokio::test]
async fn every_page_of_a_long_board_with_many_equals_is_the_oracles() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    // Few ratings, many without one, some beyond what is usual.
    let figures = |number: u64| Figures {
        rating: match number % 7 {
            0 | 1 => None,
            2 => Some(-1),
            3 => Some(9_000 + (number % 5) as i64),
            other => Some(1_000 * other as i64 + (number % 3) as i64),
        },
        solved: (!number.is_multiple_of(11)).then_some((number % 13) as i64),
        contests: None,
    };
    crowd(&world, 1..=600, figures).await;
    let known = |figure: Option<i64>| figure.filter(|figure| *figure >= 0);
    let mut all: Vec<(u64, Figures)> = (1..=600).map(|number| (number, figures(number))).collect();
    let key = |figures: &Figures| (known(figures.rating), known(figures.solved));
    all.sort_by_key(|(number, figures)| (std::cmp::Reverse(key(figures)), *number));
    let rank = |figures: &Figures| {
        1 + all.iter().filter(|(_, other)| known(other.rating) > known(figures.rating)).count() as i64
    };
    for (number, expected) in all.chunks(10).enumerate() {
        let page = page(&ada, &format!("?page={}", number + 1)).await;
        assert_eq!(page["pages"], 60);
        let expected: Vec<_> =
            expected.iter().map(|(number, figures)| (format!("coder{number:05}"), rank(figures))).collect();
        assert_eq!(lines(&page), expected, "page {}", number + 1);
    }
    world.settle().await;
}

#[tokio::test]
async fn whoever_is_barred_leaves_and_comes_back_however_it_is_delivered() {
    for delivery in [Delivery::Once, Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let (ada, eve) = (coder(&world, "ada", "LeetCode").await, coder(&world, "eve", "LeetCode").await);
        told(&world, &ada, Platform::LeetCode, [Some(1400), Some(10), None]).await;
        told(&world, &eve, Platform::LeetCode, [Some(1500), Some(5), None]).await;
        for person in [&ada, &eve] {
            let found = json!({ "action": "create_group", "group_name": person.name });
            person.post("/create_or_join_group/", found).await.assert(200);
        }
        world.cloud.settle(delivery).await;
        assert_eq!(lines(&page(&ada, "").await), [is("eve", 1), is("ada", 2)], "{delivery:?}");
        world.ban(&eve).await;
        world.cloud.settle(delivery).await;
        assert_eq!(lines(&page(&ada, "").await), [is("ada", 1)], "{delivery:?}");
        let back = shared::store::Change::of(shared::store::keys::account(MemberId(eve.id()))).set("banned", false);
        world.app().table.change::<Value>(back).await.unwrap();
        world.cloud.settle(delivery).await;
        assert_eq!(lines(&page(&ada, "").await), [is("eve", 1), is("ada", 2)], "{delivery:?}");
        // Renamed, moved and gone again within one batch.
        world.cloud.platforms().set(Platform::LeetCode, "countess", Account::new(1400, 10, 0));
        ada.put("/update-platform-username/LeetCode/ada/", json!({ "username": "countess" })).await.assert(200);
        ada.post("/create_or_join_group/", json!({ "action": "leave_group" })).await.assert(200);
        world.cloud.settle(delivery).await;
        assert_eq!(lines(&page(&ada, "").await), [is("eve", 1), is("countess", 2)], "{delivery:?}");
        let app = crate::boards::app(&world.cloud, &tests::wire::Wire::default());
        for by in By::ALL {
            let left = read::size(&app, &by.board(None, Some("ada"))).await.unwrap();
            assert_eq!(left.members, 0, "{delivery:?}");
        }
        let check = world.cloud.run_schedule("check-boards").await.unwrap().outcome.unwrap();
        assert_eq!(check["wrong"], 0, "{delivery:?} {check}");
    }
}

#[tokio::test]
async fn what_nobody_sees_moves_nothing() {
    let world = World::new().await;
    let ada = coder(&world, "ada", "LeetCode").await;
    world.settle().await;
    let entries = || -> Vec<Value> {
        let on_ours = |sk: &str| sk.starts_with("ENTRY#rating/") || sk.starts_with("ENTRY#solved/");
        world.everything().into_iter().filter(|item| item["sk"]["S"].as_str().is_some_and(on_ours)).collect()
    };
    let before = entries();
    assert_eq!(before.len(), 4);
    let key = shared::store::keys::coding_profile(MemberId(ada.id()), Platform::LeetCode);
    let change = shared::store::Change::of(key).set("updated_at", world.clock.now() + chrono::Duration::hours(1));
    world.app().table.change::<Value>(change).await.unwrap();
    world.settle().await;
    assert_eq!(entries(), before);
    let card: Card = serde_json::from_str(before[0]["card"]["S"].as_str().unwrap()).unwrap();
    assert_eq!((card.username.as_str(), card.member), ("ada", MemberId(ada.id())));
    // An entry that has left keeps nothing of whom it was.
    ada.post("/unsubscribe", json!({})).await.assert(200);
    world.settle().await;
    assert!(!format!("{:?}", entries()).contains("ada"), "{:?}", entries());
}

#[tokio::test]
async fn a_page_far_among_equals_is_refused_and_says_why() {
    let world = World::new().await;
    let ada = subscriber(&world, "ada").await;
    let app = crate::boards::app(&world.cloud, &tests::wire::Wire::default());
    let board = By::Rating.board(None, None);
    boards::write::count_only(&app, &board, [(1_500, 3_000)]).await.unwrap();
    ada.get("/leaderboard?page=50").await.assert(200);
    let many = "Too many profiles have the same figures there. Ask for a platform, or sort by the other figure.";
    ada.get("/leaderboard?page=150").await.is(400, json!({ "errors": { "page": [many] } }));
    world.settle().await;
}
