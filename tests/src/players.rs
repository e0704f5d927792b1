//! Players by the thousand, to fill a leaderboard: scores without accounts, since nobody signs in as one of them.

use local::Cloud;
use shared::App;
use shared::ids::MemberId;
use shared::model::name::Username;
use shared::model::score::Score;
use shared::store::Write;

/// DynamoDB takes at most this many writes together.
const TOGETHER: usize = 100;

/// Puts this many players on the leaderboard, with names and pictures of ordinary lengths.
pub async fn fill_leaderboard(cloud: &Cloud, players: u32) -> Result<(), String> {
    let environment = cloud.functions().environment("accounts").ok_or("The template has no accounts function.")?;
    let app = App::new(environment).map_err(|error| error.to_string())?;
    let now = app.clock.now();
    let scores = (1..=players).map(|number| {
        let member = MemberId(u64::from(number));
        let name = format!("player-{number:06}");
        let username = Username::parse(&name).map_err(|_| format!("{name} is not a name."))?;
        let score = Score {
            member,
            username,
            avatar: Some(format!("avatars/{member}/portrait-of-a-player-0123456789a.png")),
            // Spread out, and some of them equal.
            score: i64::from(number.wrapping_mul(2_654_435_761) % 10_000),
            games_played: 120,
            games_won: 60,
            updated_at: now,
            shown: true,
        };
        Write::put(&score).map_err(|error| error.to_string())
    });
    let mut writes: Vec<Write> = scores.collect::<Result<_, _>>()?;
    while !writes.is_empty() {
        let some = writes.split_off(writes.len().saturating_sub(TOGETHER));
        app.table.together(some).await.map_err(|error| format!("The players were not written: {error:?}"))?;
    }
    Ok(())
}
