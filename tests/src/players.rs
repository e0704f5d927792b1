//! Players by the thousand, to fill a leaderboard or a list: nobody signs in as one of them, so their scores need no
//! accounts, and their accounts no passwords.

use local::Cloud;
use serde_json::json;
use shared::App;
use shared::audit::{self, Author};
use shared::boards::{Act, Board, GAME, Name, Period, Scope, ScoreChange, apply};
use shared::ids::{EventId, MemberId, MessageId, ThreadId};
use shared::model::account::{Account, NameHeld};
use shared::model::conversation::{Message, Talk};
use shared::model::letter::LetterRecord;
use shared::model::name::{Email, Username};
use shared::model::relation::Follow;
use shared::model::role::Role;
use shared::store::{Change, Write, keys};

/// DynamoDB takes at most this many writes together.
const TOGETHER: usize = 100;

/// Puts this many players on the game's leaderboard, with names and pictures of ordinary lengths.
pub async fn fill_leaderboard(cloud: &Cloud, players: u32) -> Result<(), String> {
    let board = Board { name: Name::of(GAME), scope: Scope::all(), period: Period::AllTime };
    fill_board(cloud, &board, players, None).await
}

/// Puts this many players on a board, and one more in their midst.
pub async fn fill_board(cloud: &Cloud, board: &Board, players: u32, also: Option<MemberId>) -> Result<(), String> {
    let change = |member: MemberId, act, number: u32| ScoreChange {
        board: board.clone(),
        member,
        event: EventId(u64::from(number)),
        act,
    };
    let mut changes = Vec::new();
    for number in 1..=players {
        let member = MemberId(u64::from(number));
        // Spread out, and some of them equal.
        let score = 1 + i64::from(number.wrapping_mul(2_654_435_761) % 10_000);
        changes.push(change(member, Act::Set { score, reached: EventId(u64::from(number)) }, number));
        let card = json!({
            "username": format!("player-{number:06}"),
            "avatar": format!("avatars/{member}/portrait-of-a-player-0123456789a.png"),
            "games_played": 120,
            "games_won": 60,
        });
        if board.name.as_str() == GAME {
            changes.push(change(member, Act::Card(card.to_string()), number));
        }
    }
    let among = |member| change(member, Act::Set { score: 5_000, reached: EventId(1) }, 1);
    changes.extend(also.map(among));
    let app = app(cloud, "projector")?;
    apply(&app, changes).await.map(drop).map_err(|error| error.to_string())
}

/// Puts this many profiles on a board of coding profiles, half of them with the same figures.
pub async fn fill_coders(cloud: &Cloud, board: &Board, profiles: u32) -> Result<(), String> {
    let mut changes = Vec::new();
    for number in 1..=profiles {
        let member = MemberId(1 << 40 | u64::from(number));
        let score = if number.is_multiple_of(2) { 1_500 } else { i64::from(number) };
        let card = json!({
            "id": member,
            "member": member,
            "platform": "LeetCode",
            "username": format!("coder-{number:06}"),
            "figures": { "rating": score, "solved": score, "contests": 12 },
        });
        let acts = [Act::Set { score, reached: EventId(1) }, Act::Card(card.to_string())];
        changes.extend(acts.map(|act| ScoreChange { board: board.clone(), member, event: EventId(1), act }));
    }
    let app = app(cloud, "projector")?;
    apply(&app, changes).await.map(drop).map_err(|error| error.to_string())
}

/// Lets a member follow the first players.
pub async fn follow(cloud: &Cloud, member: MemberId, players: u32) -> Result<(), String> {
    let app = app(cloud, "accounts")?;
    let since = app.clock.now();
    let follows = (1..=players).map(|number| {
        let (name, followed_name) = (format!("member{member}"), format!("player{number:09}"));
        let follow = Follow { member, followed: MemberId(u64::from(number)), name, followed_name, action: None, since };
        Write::put(&follow).map_err(|error| error.to_string())
    });
    keep(&app, follows.collect::<Result<_, _>>()?).await
}

/// Closes the boards of a period that is over.
pub async fn close_boards(cloud: &Cloud, period: Period) -> Result<(), String> {
    let app = app(cloud, "projector")?;
    let deadline = app.clock.now() + chrono::Duration::minutes(5);
    shared::boards::close::close(&app, period, deadline, std::time::Duration::ZERO)
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Gives the first players of a filled leaderboard accounts with everything in them.
pub async fn give_accounts(cloud: &Cloud, players: u32) -> Result<(), String> {
    let app = app(cloud, "accounts")?;
    let mut writes = Vec::new();
    for number in 1..=players {
        let id = MemberId(u64::from(number));
        let name = format!("player-{number:06}");
        let username = Username::parse(&name).map_err(|_| format!("{name} is not a name."))?;
        let account = Account {
            email: Email::parse(&format!("{name}@example.org")).ok(),
            email_confirmed: true,
            first_name: "Augusta Ada".to_owned(),
            last_name: "King-Noel".to_owned(),
            avatar: Some(format!("avatars/{id}/portrait-of-a-player-0123456789a.png")),
            password: Some("x".repeat(97)),
            last_login: Some(app.clock.now()),
            ..Account::new(id, username, app.clock.now())
        };
        writes.push(Write::put(&account).map_err(|error| error.to_string())?);
        writes.push(Write::put(&NameHeld { name, member: id }).map_err(|error| error.to_string())?);
    }
    keep(&app, writes).await
}

/// Makes a member an administrator, which nobody of the staff could do the first time.
pub async fn make_staff(cloud: &Cloud, name: &str) -> Result<(), String> {
    let table = app(cloud, "accounts")?.table.clone();
    let held = table.get::<NameHeld>(keys::name(name)).await.map_err(|error| error.to_string())?;
    let member = held.ok_or_else(|| format!("Nobody is called {name}."))?.member;
    let change = Change::of(keys::account(member)).set("role", Role::Administrator);
    table.changed::<Account>(change).await.map(drop).map_err(|error| format!("{name} was not promoted: {error:?}"))
}

/// Notes that each of the first players got a letter, so that all of them are of different members.
pub async fn write_letters(cloud: &Cloud, letters: u32) -> Result<(), String> {
    let app = app(cloud, "accounts")?;
    let now = app.clock.now();
    let records = (1..=letters).map(|number| {
        let record = LetterRecord {
            letter: format!("letter-{number}"),
            about: "PasswordChanged".to_owned(),
            member: Some(MemberId(u64::from(number))),
            sent: true,
            tries: 1,
            error: Some("not reached".to_owned()),
            claimed_until: now,
            written_at: now,
        };
        Write::put(&record).map_err(|error| error.to_string())
    });
    keep(&app, records.collect::<Result<_, _>>()?).await
}

/// Notes that something was done to each of the first players.
pub async fn fill_audit_trail(cloud: &Cloud, entries: u32) -> Result<(), String> {
    let app = app(cloud, "accounts")?;
    let entry = |number: u32| {
        let whom = Some(MemberId(u64::from(number)));
        audit::note(&app, Author::operator(), "banned", whom, Some("because of ".repeat(10)))
            .map_err(|error| error.to_string())
    };
    keep(&app, (1..=entries).map(entry).collect::<Result<_, _>>()?).await
}

/// The app of one function, at the cloud's time.
fn app(cloud: &Cloud, function: &str) -> Result<App, String> {
    let environment = cloud.functions().environment(function);
    let environment = environment.ok_or_else(|| format!("The template has no function {function}."))?;
    let app = App::new(environment).map_err(|error| error.to_string())?;
    // The cloud's own ids: where the clock stands still, two makers of ids would make the same.
    Ok(app.with_clock(cloud.clock().clone()).with_ids(cloud.options().ids.clone()))
}

async fn keep(app: &App, mut writes: Vec<Write>) -> Result<(), String> {
    while !writes.is_empty() {
        let some = writes.split_off(writes.len().saturating_sub(TOGETHER));
        app.table.together(some).await.map_err(|error| format!("The players were not written: {error:?}"))?;
    }
    Ok(())
}

/// Lets the first players, who have accounts, have written to a member.
pub async fn fill_talks(cloud: &Cloud, member: u64, players: u32) -> Result<(), String> {
    let app = app(cloud, "accounts")?;
    let (member, now) = (MemberId(member), app.clock.now());
    let mut writes = Vec::new();
    for number in 1..=players {
        let other = MemberId(u64::from(number));
        let (id, thread) = (MessageId(app.ids.next(now)), ThreadId(app.ids.next(now)));
        let message = Message {
            id,
            thread,
            from: other,
            to: member,
            text: "Hello there, how are you today?".to_owned(),
            client_id: None,
            attachment: None,
            written_at: now,
            edited_at: None,
            deleted: false,
        };
        let side = |member, other, unread| Talk {
            member,
            other,
            thread,
            latest: Some(message.clone()),
            unread,
            read_to: None,
            said_to: id,
            messages: 1,
            changes: 0,
            moved_at: now,
            begun_at: now,
        };
        let kept = [Write::put(&message), Write::put(&side(member, other, 1)), Write::put(&side(other, member, 0))];
        for write in kept {
            writes.push(write.map_err(|error| error.to_string())?);
        }
    }
    writes.push(Write::change(Change::of(keys::talk_count(member)).or_create().add("count", i64::from(players))));
    keep(&app, writes).await
}
