//! Who sees what: random graphs of members, and everything that the routes show, against a few lines that say it plainly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::ids::MemberId;
use shared::model::action::Action;
use shared::model::thing::{Kind, Thing};
use shared::store::{Condition, Query, keys};
use shared::visibility::Audience;

use super::{POST, comment, follow, member, path, post, results, show_profile_to, toggle};
use crate::world::{Person, World};

const MEMBERS: usize = 5;

/// What is true of a small world.
struct Graph {
    ids: Vec<u64>,
    audiences: Vec<char>,
    follows: BTreeSet<(usize, usize)>,
    blocks: BTreeSet<(usize, usize)>,
    /// Who wrote each post.
    posts: BTreeMap<u64, usize>,
    /// Who wrote each comment, and about which post.
    comments: BTreeMap<u64, (usize, u64)>,
}

impl Graph {
    fn blocked(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    fn shows(&self, viewer: Option<usize>, owner: usize) -> bool {
        let Some(viewer) = viewer else { return self.audiences[owner] == 'e' };
        viewer == owner
            || !self.blocked(viewer, owner)
                && match self.audiences[owner] {
                    'e' | 'r' => true,
                    'f' => self.follows.contains(&(viewer, owner)),
                    _ => false,
                }
    }

    fn shows_thing(&self, viewer: Option<usize>, thing: Thing) -> bool {
        match thing.kind {
            Kind::Member => {
                let owner = self.ids.iter().position(|id| *id == thing.id).unwrap();
                self.shows(viewer, owner)
            }
            Kind::Post => self.shows(viewer, self.posts[&thing.id]),
            Kind::Comment => {
                let (by, post) = self.comments[&thing.id];
                viewer.is_none_or(|viewer| !self.blocked(viewer, by)) && self.shows(viewer, self.posts[&post])
            }
            kind => panic!("nobody made a {kind:?}"),
        }
    }

    fn shows_action(&self, viewer: Option<usize>, actor: usize, action: &Action) -> bool {
        self.shows(viewer, actor) && action.things().all(|thing| self.shows_thing(viewer, thing))
    }
}

fn ids(list: &[Value]) -> BTreeSet<u64> {
    list.iter().map(|entry| entry["id"].as_u64().unwrap()).collect()
}

async fn actions_of(world: &World, actor: u64) -> Vec<Action> {
    let query = Query::of(keys::actions_of(MemberId(actor), Audience::Everyone), 1_000);
    world.app().table.query::<Action>(query).await.unwrap().items
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_what_they_may_and_nothing_else() {
    for seed in 0..3 {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new().await;
        let mut people = Vec::new();
        for number in 0..MEMBERS {
            people.push(member(&world, &format!("member{number}")).await);
        }
        world.settle().await;
        let mut graph = Graph {
            ids: people.iter().map(Person::id).collect(),
            audiences: vec!['e'; MEMBERS],
            follows: BTreeSet::new(),
            blocks: BTreeSet::new(),
            posts: BTreeMap::new(),
            comments: BTreeMap::new(),
        };
        let pairs: Vec<_> = (0..MEMBERS).flat_map(|one| (0..MEMBERS).map(move |other| (one, other))).collect();
        let pairs: Vec<_> = pairs.into_iter().filter(|(one, other)| one != other).collect();
        for (one, other) in &pairs {
            if random.u32(..100) < 50 {
                follow(&world, &people[*one], &people[*other]).await;
                graph.follows.insert((*one, *other));
            }
        }
        world.settle().await;
        for (number, by) in people.iter().enumerate() {
            graph.posts.insert(post(by, &format!("of {number}")).await, number);
        }
        for id in graph.posts.keys().copied().collect::<Vec<_>>() {
            for (number, by) in people.iter().enumerate() {
                if random.bool() {
                    let said = comment(by, POST, id, "x").await.assert(201).json()["id"].as_u64().unwrap();
                    graph.comments.insert(said, (number, id));
                }
                if random.bool() {
                    toggle(by, POST, id).await.assert(204);
                }
            }
        }
        world.settle().await;
        // And then everything changes.
        for pair @ (one, other) in pairs {
            if random.u32(..100) < 12 {
                world.block(&people[one], &people[other]).await;
                graph.blocks.insert(pair);
            }
            match (graph.follows.contains(&pair), random.u32(..100) < 25) {
                (true, true) => {
                    let key = keys::follow(MemberId(graph.ids[one]), MemberId(graph.ids[other]));
                    world.app().table.delete(key, Condition::default()).await.unwrap();
                    graph.follows.remove(&pair);
                }
                (false, true) => {
                    follow(&world, &people[one], &people[other]).await;
                    graph.follows.insert(pair);
                }
                _ => {}
            }
        }
        for (number, person) in people.iter().enumerate() {
            graph.audiences[number] = *random.choice(&['e', 'r', 'f', 'u']).unwrap();
            show_profile_to(person, &graph.audiences[number].to_string()).await;
        }
        world.settle().await;
        let mut done = Vec::new();
        for id in &graph.ids {
            done.push(actions_of(&world, *id).await);
        }
        let visitor = world.visitor();
        for viewer in (0..MEMBERS).map(Some).chain([None]) {
            let person = viewer.map_or(&visitor, |viewer| &people[viewer]);
            check(&graph, &done, viewer, person, seed).await;
        }
        world.settle().await;
    }
}

async fn check(graph: &Graph, done: &[Vec<Action>], viewer: Option<usize>, person: &Person, seed: u64) {
    let all = || done.iter().enumerate().flat_map(|(actor, done)| done.iter().map(move |action| (actor, action)));
    let seen = |keep: &dyn Fn(usize, &Action) -> bool| -> BTreeSet<u64> {
        let kept = all().filter(|(actor, action)| keep(*actor, action) && graph.shows_action(viewer, *actor, action));
        kept.map(|(_, action)| action.id.0).collect()
    };
    let told = format!("seed {seed}, viewer {viewer:?}");
    let posts = graph.posts.keys().filter(|id| graph.shows_thing(viewer, Thing { kind: Kind::Post, id: **id }));
    assert_eq!(ids(&results(person, "/api/posts/?page_size=50").await), posts.copied().collect(), "{told}");
    let mut listed = BTreeSet::new();
    for page in 1..=4 {
        let reply = person.get(&format!("/api/comments/?page_size=20&page={page}")).await;
        if reply.status == 404 {
            break;
        }
        listed.extend(ids(reply.json()["results"].as_array().unwrap()));
    }
    let comments =
        graph.comments.keys().filter(|id| graph.shows_thing(viewer, Thing { kind: Kind::Comment, id: **id }));
    assert_eq!(listed, comments.copied().collect(), "{told}");
    for (id, owner) in &graph.posts {
        let shown = graph.shows(viewer, *owner);
        assert_eq!(person.get(&path(*id)).await.status == 200, shown, "{told} post {id}");
        let stream = format!("?content_type_id={POST}&object_id={id}");
        let target = person.get(&format!("/api/target-stream/{stream}")).await;
        assert_eq!(target.status == 200, shown, "{told} post {id}");
        if shown {
            let thing = Thing { kind: Kind::Post, id: *id };
            let expected = seen(&|_, action| action.target == Some(thing));
            assert_eq!(ids(target.json().as_array().unwrap()), expected, "{told} post {id}");
            let object = results(person, &format!("/api/action-object-stream/{stream}")).await;
            assert_eq!(ids(&object), seen(&|_, action| action.object == Some(thing)), "{told} post {id}");
        }
    }
    for (actor, id) in graph.ids.iter().enumerate() {
        let reply = person.get(&format!("/api/actor-stream/?username=member{actor}&page_size=50")).await;
        match (graph.shows(viewer, actor), viewer) {
            (true, _) => {
                let shown = ids(reply.assert(200).json()["results"].as_array().unwrap());
                assert_eq!(shown, seen(&|by, _| by == actor), "{told} actor {actor}");
            }
            (false, Some(_)) => drop(reply.assert(403)),
            (false, None) => drop(reply.assert(401)),
        }
        let made = format!("/api/action-object-stream/?content_type_id=1&object_id={id}");
        assert_eq!(person.get(&made).await.status == 200, graph.shows(viewer, actor), "{told} actor {actor}");
    }
    if let Some(reader) = viewer {
        let mut read = Vec::new();
        for page in 1.. {
            let reply = person.get(&format!("/api/user-stream/?page_size=7&page={page}")).await.assert(200).json();
            read.extend(reply["results"].as_array().unwrap().iter().map(|entry| entry["id"].as_u64().unwrap()));
            if reply["next"].is_null() {
                break;
            }
        }
        assert!(read.is_sorted_by(|one, other| one > other), "{told}: {read:?}");
        let near = |actor: usize| actor == reader || graph.follows.contains(&(reader, actor));
        assert_eq!(BTreeSet::from_iter(read), seen(&|actor, _| near(actor)), "{told}");
    }
}
