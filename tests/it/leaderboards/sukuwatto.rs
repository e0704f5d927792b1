//! Sukuwatto's boards: four stretches of time, dense ranks, numbered pages, and the caller's own surroundings.

use chrono::Duration;
use serde_json::{Value, json};
use shared::boards::Act;
use shared::ids::EventId;
use shared::visibility::Audience;

use super::{act, change, crowd, fill, hide, remove};
use crate::world::{Person, World};

const WEEK: &str = "training/all/week-2026-W05";
const MONTH: &str = "training/all/month-2026-01";
const YEAR: &str = "training/all/year-2026";
const EVER: &str = "training/all/all";

/// A member who is signed in there.
async fn member(world: &World, name: &str) -> Person {
    let person = world.member(name).await;
    person.keep("Authorization", &world.enter(&person).await);
    person
}

/// Each line's name, points and rank.
fn lines(results: &Value) -> Vec<(String, i64, i64)> {
    let line = |line: &Value| {
        let name = line["user"]["username"].as_str().unwrap().to_owned();
        assert_eq!(line["id"], line["user"]["id"], "{line}");
        (name, line["experience"].as_i64().unwrap(), line["rank"].as_i64().unwrap())
    };
    results.as_array().expect("a list").iter().map(line).collect()
}

/// The numbers in the names of a list's lines.
fn numbers(results: &Value) -> Vec<u64> {
    lines(results).iter().map(|(name, ..)| name.trim_start_matches("player-").parse().unwrap()).collect()
}

#[tokio::test]
async fn each_stretch_of_time_has_its_board_and_a_new_one_begins_empty() {
    let world = World::new().await;
    let crowd = crowd(&world, 3).await;
    change(&world, crowd[1], |account| account.set("avatar", "avatars/7/me.png")).await;
    for (board, scores) in [(WEEK, [3, 5]), (MONTH, [30, 50]), (YEAR, [300, 500]), (EVER, [3_000, 5_000])] {
        fill(&world, board, &[(crowd[0], scores[0]), (crowd[1], scores[1])]).await;
    }
    let boards = ["weekly", "monthly", "yearly", "alltime"];
    let scores = async |name: &str, form: &str| {
        let reply = world.visitor().get(&format!("/api/{name}-leaderboard{form}/")).await.assert(200).json();
        let results = if form.is_empty() { &reply["results"] } else { &reply };
        lines(results).iter().map(|line| line.1).collect::<Vec<_>>()
    };
    for (name, expected) in boards.into_iter().zip([[5, 3], [50, 30], [500, 300], [5_000, 3_000]]) {
        assert_eq!(scores(name, "").await, expected, "{name}");
        assert_eq!(scores(name, "-dashboard").await, expected, "{name}");
    }
    world.visitor().get("/api/weekly-leaderboard").await.is(
        200,
        json!({ "count": 2, "next": null, "previous": null, "results": [
            {
                "id": crowd[1], "experience": 5, "rank": 1,
                "user": { "id": crowd[1], "username": "player-0001", "profile_filename": "/media/avatars/7/me.png" },
            },
            {
                "id": crowd[0], "experience": 3, "rank": 2,
                "user": { "id": crowd[0], "username": "player-0000", "profile_filename": null },
            },
        ] }),
    );
    // From Saturday to Monday, which is another month, too.
    world.wait(Duration::days(2));
    for (name, expected) in boards.into_iter().zip([&[][..], &[], &[500, 300], &[5_000, 3_000]]) {
        assert_eq!(scores(name, "").await, expected, "{name}");
        assert_eq!(scores(name, "-dashboard").await, expected, "{name}");
    }
}

#[tokio::test]
async fn equals_share_a_rank_and_none_is_skipped() {
    let world = World::new().await;
    let crowd = crowd(&world, 6).await;
    let scores: Vec<_> = crowd.iter().copied().zip([5, 9, 7, 9, 1, 7]).collect();
    fill(&world, WEEK, &scores).await;
    let expected: Vec<_> = [(1, 9, 1), (3, 9, 1), (2, 7, 2), (5, 7, 2), (0, 5, 3), (4, 1, 4)]
        .map(|(number, score, rank)| (format!("player-{number:04}"), score, rank))
        .to_vec();
    let page = world.visitor().get("/api/weekly-leaderboard/").await.json();
    assert_eq!(lines(&page["results"]), expected);
    // A page that begins among equals goes on counting from those before it.
    let page = world.visitor().get("/api/weekly-leaderboard/?page=2&page_size=3").await.json();
    assert_eq!(lines(&page["results"]), expected[3..]);
    // Whoever lost what they had won is listed no more.
    act(&world, WEEK, vec![(crowd[1], Act::Set { score: 0, reached: EventId(100) }, 100)]).await;
    assert_eq!(world.visitor().get("/api/weekly-leaderboard/").await.json()["count"], 5);
}

#[tokio::test]
async fn pages_follow_each_other_through_the_whole_board() {
    let world = World::new().await;
    let crowd = crowd(&world, 35).await;
    let scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 1_000 - 7 * number)).collect();
    fill(&world, WEEK, &scores).await;
    let visitor = world.visitor();
    let get = async |query: &str| visitor.get(&format!("/api/weekly-leaderboard/{query}")).await;
    let address = "http://guildhall.test/api/weekly-leaderboard/";
    let (mut seen, mut next) = (Vec::new(), json!(address));
    while let Some(page) = next.as_str() {
        let page = visitor.get(page.trim_start_matches("http://guildhall.test")).await.assert(200).json();
        assert_eq!(page["count"], 35);
        seen.extend(lines(&page["results"]));
        next = page["next"].clone();
    }
    let expected = (0..35).map(|number| (format!("player-{number:04}"), 1_000 - 7 * number, number + 1));
    assert_eq!(seen, expected.collect::<Vec<_>>());
    let second = get("?page=2&page_size=7").await.assert(200).json();
    assert_eq!(second["previous"], format!("{address}?page_size=7"));
    let next = second["next"].as_str().unwrap();
    assert!(next.starts_with(&format!("{address}?page_size=7&page=3&cursor=")), "{next}");
    // By its number alone it is the same page, and a cursor of another board is refused.
    let cursor = next.split("cursor=").nth(1).unwrap();
    let followed = visitor.get(next.trim_start_matches("http://guildhall.test")).await.assert(200).json();
    let counted = get("?page=3&page_size=7").await.assert(200).json();
    assert_eq!((&followed["results"], &followed["count"]), (&counted["results"], &counted["count"]));
    let foreign = format!("/api/yearly-leaderboard/?page=2&cursor={cursor}");
    visitor.get(&foreign).await.assert(400);
    assert_eq!(numbers(&second["results"]), (7..14).collect::<Vec<_>>());
    let last = get("?page=last").await.assert(200).json();
    assert_eq!((numbers(&last["results"]), &last["next"]), ((30..35).collect::<Vec<_>>(), &Value::Null));
    assert_eq!(numbers(&get("?page_size=1000").await.assert(200).json()["results"]).len(), 35);
    for size in ["0", "-1", "x", ""] {
        assert_eq!(numbers(&get(&format!("?page_size={size}")).await.assert(200).json()["results"]).len(), 10);
    }
    for page in ["0", "-1", "x", "", "5", "9999999999", "18446744073709551615", "99999999999999999999"] {
        get(&format!("?page={page}")).await.is(404, json!({ "detail": "Invalid page." }));
    }
    // A board that nobody is on has one page.
    let empty = json!({ "count": 0, "next": null, "previous": null, "results": [] });
    for query in ["", "?page=1", "?page=last"] {
        visitor.get(&format!("/api/yearly-leaderboard/{query}")).await.is(200, empty.clone());
    }
    visitor.get("/api/yearly-leaderboard/?page=2").await.is(404, json!({ "detail": "Invalid page." }));
    for method in [http::Method::POST, http::Method::DELETE] {
        let detail = json!({ "detail": format!("Method \"{method}\" not allowed.") });
        visitor.send(method, "/api/weekly-leaderboard/", &[], "").await.is(405, detail);
    }
}

#[tokio::test]
async fn whoever_is_found_by_name_keeps_their_rank() {
    let world = World::new().await;
    let crowd = crowd(&world, 25).await;
    let scores: Vec<_> = crowd.iter().zip(1..).map(|(member, number)| (*member, number)).collect();
    // The last five are on no board.
    fill(&world, WEEK, &scores[..20]).await;
    let find = async |query: &str| {
        let page = world.visitor().get(&format!("/api/weekly-leaderboard/?{query}")).await.assert(200).json();
        let found = lines(&page["results"]).iter().map(|line| line.2).collect::<Vec<_>>();
        (page["count"].as_u64().unwrap(), found)
    };
    assert_eq!(find("search=0007").await, (1, vec![13]));
    assert_eq!(find("search=PLAYER-001").await, (10, (1..=10).collect()));
    assert_eq!(find("search=000%20,9").await, (1, vec![11]));
    assert_eq!(find("search=player&page=2&page_size=15").await, (20, (16..=20).collect()));
    assert_eq!(find("search=002").await, (1, vec![18]));
    assert_eq!(find("search=player-0022").await, (0, vec![]));
    assert_eq!(find("search=nobody").await, (0, vec![]));
    assert_eq!(find("search=%00").await, (0, vec![]));
    assert_eq!(find("search=%20,").await.0, 20);
    assert_eq!(find("user__username=player-0019").await, (1, vec![1]));
    assert_eq!(find("user__username=Player-0019&search=19").await, (1, vec![1]));
    for none in ["user__username=player-0019&search=18", "user__username=player", "user__username=player-0022"] {
        assert_eq!(find(none).await, (0, vec![]), "{none}");
    }
    let next = "http://guildhall.test/api/weekly-leaderboard/?search=player&page_size=5&page=2";
    let page = world.visitor().get("/api/weekly-leaderboard/?search=player&page_size=5").await.json();
    assert_eq!(page["next"], next);
    let lost = world.visitor().get("/api/weekly-leaderboard/?search=0007&page=2").await;
    lost.is(404, json!({ "detail": "Invalid page." }));
}

#[tokio::test]
async fn on_a_long_board_the_first_names_that_fit_are_looked_up() {
    let world = World::new().await;
    let crowd = crowd(&world, 1_010).await;
    let scores: Vec<_> = crowd.iter().zip(1..).map(|(member, number)| (*member, number)).collect();
    fill(&world, EVER, &scores).await;
    let get = async |query: &str| world.visitor().get(&format!("/api/alltime-leaderboard/?{query}")).await;
    let page = get("search=player-00&page_size=3").await.assert(200).json();
    assert_eq!((&page["count"], numbers(&page["results"])), (&json!(100), vec![99, 98, 97]));
    assert_eq!(lines(&page["results"])[0].2, 911);
    // What is found is all there is, so there is no more.
    get("search=player-00&page=11").await.is(404, json!({ "detail": "Invalid page." }));
    let many = get("search=player-0&page=11").await.assert(400).json();
    assert_eq!(many["detail"], "More names fit than this list goes through. Search for more of the name.");
    assert_eq!(numbers(&get("page=50&page_size=20").await.assert(200).json()["results"])[0], 29);
    // As long as a page may be.
    assert_eq!(numbers(&get("page_size=1000").await.assert(200).json()["results"]).len(), 100);
}

#[tokio::test]
async fn whoever_is_out_leaves_at_once_and_whoever_hides_is_shown_by_name() {
    let world = World::new().await;
    let crowd = crowd(&world, 6).await;
    let scores: Vec<_> = crowd.iter().zip(0..).map(|(member, number)| (*member, 10 - number)).collect();
    fill(&world, WEEK, &scores).await;
    change(&world, crowd[0], |account| account.set("banned", true)).await;
    change(&world, crowd[2], |account| account.set("active", false)).await;
    remove(&world, crowd[3]).await;
    hide(&world, crowd[1], Audience::Owner).await;
    let expected = [("player-0001", 9, 2), ("player-0004", 6, 5), ("player-0005", 5, 6)];
    let expected = expected.map(|(name, score, rank)| (name.to_owned(), score, rank));
    let page = world.visitor().get("/api/weekly-leaderboard/").await.assert(200).json();
    assert_eq!(lines(&page["results"]), expected);
    let hidden = json!({ "id": crowd[1], "username": "player-0001", "profile_filename": null });
    assert_eq!(page["results"][0]["user"], hidden);
    for query in ["search=player", "user__username=player-0001"] {
        let page = world.visitor().get(&format!("/api/weekly-leaderboard/?{query}")).await.assert(200).json();
        assert_eq!(page["results"][0]["user"], hidden, "{query}");
    }
    for out in ["player-0000", "player-0002", "player-0003"] {
        let page = world.visitor().get(&format!("/api/weekly-leaderboard/?user__username={out}")).await.json();
        assert_eq!(page["results"], json!([]), "{out}");
    }
    assert_eq!(lines(&world.visitor().get("/api/weekly-leaderboard-dashboard/").await.json()), expected);
}

#[tokio::test]
async fn a_dashboard_shows_five_around_the_caller() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..9 {
        people.push(member(&world, &format!("player-{number:04}")).await);
    }
    let scores: Vec<_> = people.iter().zip(0..).map(|(person, number)| (person.id(), 100 - number)).collect();
    fill(&world, MONTH, &scores).await;
    let show = async |caller: &Person| {
        let window = caller.get("/api/monthly-leaderboard-dashboard/").await.assert(200).json();
        for (number, line) in numbers(&window).iter().zip(lines(&window)) {
            assert_eq!((line.1, line.2), (100 - *number as i64, *number as i64 + 1));
        }
        numbers(&window)
    };
    let five = |first: u64| (first..first + 5).collect::<Vec<_>>();
    for (number, first) in [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (6, 4), (7, 4), (8, 4)] {
        assert_eq!(show(&people[number]).await, five(first), "{number}");
    }
    // Whoever is on no board, or is nobody, sees who is ahead.
    assert_eq!(show(&world.visitor()).await, five(0));
    let stranger = member(&world, "stranger").await;
    assert_eq!(show(&stranger).await, five(0));
    // One who has just left is replaced by the next, on either side.
    world.ban(&people[3]).await;
    assert_eq!(show(&people[4]).await, [1, 2, 4, 5, 6]);
    assert_eq!(show(&world.visitor()).await, [0, 1, 2, 4, 5]);
    // Where there are five or fewer, everybody is shown, whoever asks.
    fill(&world, YEAR, &scores[4..]).await;
    for caller in [&people[4], &people[5], &people[8], &stranger, &world.visitor()] {
        let window = caller.get("/api/yearly-leaderboard-dashboard/").await.assert(200).json();
        assert_eq!(numbers(&window), [4, 5, 6, 7, 8]);
    }
    world.visitor().get("/api/weekly-leaderboard-dashboard/").await.is(200, json!([]));
    // A caller whose token is no longer good learns of it.
    for path in ["/api/weekly-leaderboard/", "/api/monthly-leaderboard-dashboard/"] {
        let refused = people[3].get(path).await.assert(401).json();
        assert_eq!(refused["code"], "user_inactive");
    }
    world.settle().await;
}

#[tokio::test]
async fn equals_on_a_dashboard_have_the_ranks_of_the_board() {
    let world = World::new().await;
    let ada = member(&world, "ada").await;
    let crowd = crowd(&world, 8).await;
    let scores = [9, 9, 8, 7, 7, 7, 7, 6];
    let mut all: Vec<_> = crowd.iter().copied().zip(scores).collect();
    all.insert(5, (ada.id(), 7));
    fill(&world, EVER, &all).await;
    let window = ada.get("/api/alltime-leaderboard-dashboard/").await.assert(200).json();
    assert_eq!(lines(&window).iter().map(|line| (line.1, line.2)).collect::<Vec<_>>(), [(7, 3); 5]);
    assert_eq!(lines(&window)[2].0, "ada");
    world.settle().await;
}
