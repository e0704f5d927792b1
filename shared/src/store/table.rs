//! The table: typed verbs over DynamoDB, and the only place that names its SDK.
//!
//! Every call has a deadline. Within it the SDK repeats what was throttled or lost, and [`Table::together`] repeats
//! a transaction that ran into another one; both wait a random part of a growing time. Every call is counted by
//! [`crate::meter`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, SharedHttpClient};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ConsumedCapacity, Delete, DeleteRequest, KeysAndAttributes, Put, PutRequest,
    ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update, WriteRequest,
};
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Index, IndexKey, Key, Range};
use super::write::{Act, Change, Condition, Names, Write};
use crate::aws::{ATTEMPTS, FIRST_WAIT};
use crate::clock::{Clock, random_part};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::meter;

/// An item as DynamoDB keeps it.
pub type Item = HashMap<String, AttributeValue>;

/// One attempt at one call; a healthy table answers in a few milliseconds.
const ATTEMPT: Duration = Duration::from_secs(1);
/// One call with all its attempts.
const DEADLINE: Duration = Duration::from_secs(5);
/// What DynamoDB says to a single write where a transaction is at the same item, or where there are too many.
const BUSY: [&str; 3] =
    ["TransactionConflictException", "ProvisionedThroughputExceededException", "ThrottlingException"];
/// DynamoDB reads at most 100 items in one batch.
const BATCH: usize = 100;
/// And writes at most 25.
const WRITTEN: usize = 25;
/// How many batches of a large write are under way at once.
const AT_ONCE: usize = 8;

/// Something that is kept in the table: it knows its key, its place in the index, and when it may be forgotten.
pub trait Stored: Serialize + DeserializeOwned {
    /// Where it lies.
    fn key(&self) -> Key;

    /// Where the index finds it, if it does.
    fn index(&self) -> Option<IndexKey> {
        None
    }

    /// Where the second index finds it, if it does.
    fn second_index(&self) -> Option<IndexKey> {
        None
    }

    /// When it ends. It is gone for readers at once, and from the disk when DynamoDB gets to it.
    fn expires(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// Why a write did not happen.
#[derive(Debug)]
pub enum StoreError {
    /// A condition did not hold: of which write of the transaction, and what was there instead.
    Refused {
        /// The place of the refused write in the transaction; 0 for a single write.
        write: usize,
        /// The item that was there, if there was one.
        found: Option<Found>,
    },
    /// Others were writing the same items, or too many at once; it may be tried again.
    Busy(Error),
    /// The table did not do it; it may be tried again.
    Failed(Error),
}

/// An item that stood against a write, as yet unread.
#[derive(Clone, PartialEq)]
pub struct Found(Item);

impl fmt::Debug for Found {
    /// Items hold what must not be printed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Found(…)")
    }
}

impl Found {
    /// The item in its own shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        read_item(self.0.clone())
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> StoreError {
        StoreError::Failed(error)
    }
}

impl From<StoreError> for Error {
    /// For callers whose condition can only fail through our own mistake.
    fn from(error: StoreError) -> Error {
        match error {
            StoreError::Refused { write, .. } => {
                Error::internal("A write was refused that should have gone through.", format!("write {write}"))
            }
            StoreError::Busy(error) | StoreError::Failed(error) => error,
        }
    }
}

/// One page of a query.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the order of their sort keys.
    pub items: Vec<T>,
    /// Where the next page starts, if there may be one.
    pub next: Option<String>,
}

/// What to read of a [`Range`].
#[derive(Clone, Debug)]
pub struct Query {
    range: Range,
    limit: i32,
    after: Option<Position>,
    backwards: bool,
}

/// Where a page ended: the sort key in the range, and the table's own key where the range is an index.
type Position = (String, Option<(String, String)>);

impl Query {
    /// The first `limit` items of the range.
    pub fn of(range: Range, limit: usize) -> Query {
        Query { range, limit: i32::try_from(limit).unwrap_or(i32::MAX), after: None, backwards: false }
    }

    /// The same, on from where a page ended if there was one before.
    pub fn on_from(self, next: Option<&str>) -> Result<Query> {
        match next {
            Some(next) => self.after(next),
            None => Ok(self),
        }
    }

    /// On from a place in the index, whether an item lies there or not: those beyond it, and none at it.
    pub fn beyond(self, place: IndexKey, key: Key) -> Query {
        Query { after: Some((place.sk, Some((key.pk, key.sk)))), ..self }
    }

    /// On from a place in the table, whether an item lies there or not: those beyond it, and none at it.
    pub fn past(self, key: Key) -> Query {
        Query { after: Some((key.sk, None)), ..self }
    }

    /// How many items it asks for.
    pub fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or_default()
    }

    /// The same for so many items.
    pub fn with_limit(self, limit: usize) -> Query {
        Query { limit: i32::try_from(limit).unwrap_or(i32::MAX), ..self }
    }

    /// The other way round, from the end of the range or from where it goes on.
    pub fn backwards(self) -> Query {
        Query { backwards: true, ..self }
    }

    /// On from where a [`Page`] ended. `next` must come out of a sealed cursor of the same range; it holds a
    /// position only and cannot lead into another partition.
    pub fn after(self, next: &str) -> Result<Query> {
        let after =
            serde_json::from_str(next).map_err(|cause| Error::internal("A cursor could not be read.", cause))?;
        Ok(Query { after: Some(after), ..self })
    }
}

/// A write in DynamoDB's terms: its expressions, and what their placeholders stand for.
struct Terms {
    update: Option<String>,
    condition: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<Item>,
}

impl Terms {
    fn of(write: &Write) -> Result<Terms> {
        let mut names = Names::default();
        let update = match &write.act {
            Act::Update(change) => Some(change.expression(&mut names)?),
            _ => None,
        };
        let condition = write.condition.expression(&mut names);
        let (names, values) = names.into_maps();
        Ok(Terms { update, condition, names, values })
    }
}

/// What every write says beside the item. The SDK has a builder for each kind of write, alone and in a transaction:
/// they use the same words and share no trait.
macro_rules! with_terms {
    ($builder:expr, $table:expr, $terms:expr) => {
        $builder
            .table_name($table)
            .set_condition_expression($terms.condition)
            .set_expression_attribute_names($terms.names)
            .set_expression_attribute_values($terms.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    };
}

/// Items of any shapes that were read together.
pub struct Mixed(std::collections::BTreeMap<Key, Item>);

impl Mixed {
    /// The item at one of the keys that were asked for, unless it has ended.
    pub fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        self.0.get(key).cloned().map(read_item).transpose()
    }

    /// Whether there is an item at one of the keys.
    pub fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }
}

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Product,
    Boards,
}

/// A table: the product's, or that of the boards, which is apart so that a busy board cannot throttle accounts.
#[derive(Clone)]
pub struct Table {
    which: Which,
    /// Whether a read sees every write before it.
    consistent: bool,
    client: Arc<OnceLock<Client>>,
    config: Arc<Config>,
    http_client: Option<SharedHttpClient>,
    clock: Clock,
}

impl Table {
    /// The product's table over `http_client`, or over one of its own. Connects with the first call.
    pub fn new(config: &Arc<Config>, clock: Clock, http_client: Option<SharedHttpClient>) -> Table {
        let (which, consistent) = (Which::Product, true);
        Table { which, consistent, client: Arc::default(), config: config.clone(), http_client, clock }
    }

    /// The table of the boards, over the same connections.
    pub fn of_boards(&self) -> Table {
        Table { which: Which::Boards, ..self.clone() }
    }

    /// The same table, read for half the price, as it was a moment ago.
    pub fn lately(&self) -> Table {
        Table { consistent: false, ..self.clone() }
    }

    fn name(&self) -> &str {
        match self.which {
            Which::Product => &self.config.table,
            Which::Boards => &self.config.boards_table,
        }
    }

    /// The item at `key`, unless it has ended.
    pub async fn get<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        let call = self
            .client()
            .get_item()
            .table_name(self.name())
            .set_key(Some(key_attributes(&key)))
            .consistent_read(self.consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = meter::call(call.send()).await.map_err(|error| failed("get", error))?;
        meter::read(units(answer.consumed_capacity.as_ref()));
        answer.item.filter(|item| !self.has_ended(item)).map(read_item).transpose()
    }

    /// Two items of different shapes in one round trip.
    pub async fn get_two<A: DeserializeOwned, B: DeserializeOwned>(
        &self,
        first: Key,
        second: Key,
    ) -> Result<(Option<A>, Option<B>)> {
        let mut pairs = self.get_pairs(&[(first, second)]).await?;
        Ok(pairs.pop().unwrap_or_default())
    }

    /// Three items of different shapes in one round trip.
    pub async fn get_three<A: DeserializeOwned, B: DeserializeOwned, C: DeserializeOwned>(
        &self,
        first: Key,
        second: Key,
        third: Key,
    ) -> Result<(Option<A>, Option<B>, Option<C>)> {
        let mut items = self.get_items(&[first.clone(), second.clone(), third.clone()]).await?;
        Ok((
            items.remove(&first).map(read_item).transpose()?,
            items.remove(&second).map(read_item).transpose()?,
            items.remove(&third).map(read_item).transpose()?,
        ))
    }

    /// Up to 100 items of any shapes in one round trip.
    pub async fn get_mixed(&self, keys: &[Key]) -> Result<Mixed> {
        self.get_items(keys).await.map(Mixed)
    }

    /// Up to 100 items of one shape in one round trip, in the order of their keys.
    pub async fn get_all<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<T>>> {
        let items = self.get_items(keys).await?;
        keys.iter().map(|key| items.get(key).cloned().map(read_item).transpose()).collect()
    }

    /// Up to 50 pairs of items of different shapes in one round trip, in the order of their keys.
    pub async fn get_pairs<A: DeserializeOwned, B: DeserializeOwned>(
        &self,
        keys: &[(Key, Key)],
    ) -> Result<Vec<(Option<A>, Option<B>)>> {
        let all: Vec<Key> = keys.iter().flat_map(|(first, second)| [first.clone(), second.clone()]).collect();
        let items = self.get_items(&all).await?;
        let pair = |(first, second): &(Key, Key)| {
            let (first, second) = (items.get(first).cloned(), items.get(second).cloned());
            Ok((first.map(read_item).transpose()?, second.map(read_item).transpose()?))
        };
        keys.iter().map(pair).collect()
    }

    /// Up to 100 items of one shape in one round trip, in the order of their keys, which are all different.
    pub async fn get_many<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<Option<T>>> {
        let mut items = self.get_items(keys).await?;
        keys.iter().map(|key| items.remove(key).map(read_item).transpose()).collect()
    }

    async fn get_items(&self, keys: &[Key]) -> Result<std::collections::BTreeMap<Key, Item>> {
        let mut found = std::collections::BTreeMap::new();
        // The same key may be asked for twice, but DynamoDB refuses a batch that does.
        let distinct: std::collections::BTreeSet<&Key> = keys.iter().take(BATCH).collect();
        let mut wanted: Vec<_> = distinct.into_iter().map(key_attributes).collect();
        for attempt in 0..ATTEMPTS {
            if wanted.is_empty() {
                return Ok(found);
            }
            if attempt > 0 {
                pause(attempt).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(self.consistent)
                .build()
                .map_err(|cause| Error::internal("A batch could not be built.", cause))?;
            let call = self
                .client()
                .batch_get_item()
                .request_items(self.name(), request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = meter::call(call.send()).await.map_err(|error| failed("get many", error))?;
            meter::read(units_of_all(answer.consumed_capacity.as_deref()));
            for item in answer.responses.unwrap_or_default().into_values().flatten() {
                if let (Some(key), false) = (key_of(&item), self.has_ended(&item)) {
                    found.insert(key, item);
                }
            }
            // What a throttled table leaves out is asked for again.
            wanted = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|rest| rest.keys).collect();
        }
        if wanted.is_empty() { Ok(found) } else { Err(Error::internal("The table left items out.", "throttled")) }
    }

    /// One page of a range. An index is read as it stands, which may be a moment behind.
    pub async fn query<T: DeserializeOwned>(&self, query: Query) -> Result<Page<T>> {
        let (items, next) = self.query_items(query).await?;
        let items = items.into_iter().filter(|item| !self.has_ended(item));
        Ok(Page { items: items.map(read_item).collect::<Result<_>>()?, next })
    }

    /// The keys of one page of a range, whatever the items are; of those, too, that have ended and are still on the disk.
    pub async fn keys(&self, query: Query) -> Result<Page<Key>> {
        let (items, next) = self.query_items(query).await?;
        Ok(Page { items: items.iter().filter_map(key_of).collect(), next })
    }

    async fn query_items(&self, query: Query) -> Result<(Vec<Item>, Option<String>)> {
        let Query { range, limit, after, backwards } = query;
        let (pk_name, sk_name) = match range.index {
            None => ("pk", "sk"),
            Some(Index::First) => ("gsi1pk", "gsi1sk"),
            Some(Index::Second) => ("gsi2pk", "gsi2sk"),
        };
        let mut names = Names::default();
        let mut condition = format!("{} = {}", names.name(pk_name), names.value(AttributeValue::S(range.pk.clone())));
        if !range.prefix.is_empty() {
            let prefix = names.value(AttributeValue::S(range.prefix.clone()));
            condition += &format!(" AND begins_with({}, {prefix})", names.name(sk_name));
        }
        let start = after.map(|(sort, own)| {
            let mut start = Item::from([
                (pk_name.to_owned(), AttributeValue::S(range.pk.clone())),
                (sk_name.to_owned(), AttributeValue::S(sort)),
            ]);
            if let Some((pk, sk)) = own {
                start.extend(key_attributes(&Key { pk, sk }));
            }
            start
        });
        let (names, values) = names.into_maps();
        let call = self
            .client()
            .query()
            .table_name(self.name())
            .set_index_name(range.index.map(|index| index.name().to_owned()))
            .key_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .set_exclusive_start_key(start)
            .consistent_read(self.consistent && range.index.is_none())
            .scan_index_forward(!backwards)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = meter::call(call.send()).await.map_err(|error| failed("query", error))?;
        meter::read(units(answer.consumed_capacity.as_ref()));
        let next = answer.last_evaluated_key.and_then(|last| {
            let sort = text(&last, sk_name)?;
            let own = if range.index.is_some() { Some((text(&last, "pk")?, text(&last, "sk")?)) } else { None };
            serde_json::to_string(&(sort, own) as &Position).ok()
        });
        Ok((answer.items.unwrap_or_default(), next))
    }

    /// Keeps a new item; refused if its key is taken.
    pub async fn create(&self, item: &impl Stored) -> Result<(), StoreError> {
        self.write(Write::create(item)?, ReturnValue::None).await.map(drop)
    }

    /// Keeps an item whatever was there.
    pub async fn put(&self, item: &impl Stored) -> Result<(), StoreError> {
        self.write(Write::put(item)?, ReturnValue::None).await.map(drop)
    }

    /// Removes an item under a condition.
    pub async fn delete(&self, key: Key, condition: Condition) -> Result<(), StoreError> {
        self.write(Write::delete(key, condition), ReturnValue::None).await.map(drop)
    }

    /// Changes one item and returns it as it was before, if it was there.
    pub async fn change<T: DeserializeOwned>(&self, change: Change) -> Result<Option<T>, StoreError> {
        Ok(self.write(Write::change(change), ReturnValue::AllOld).await?.map(read_item).transpose()?)
    }

    /// Changes one item and returns it as it is now.
    pub async fn changed<T: DeserializeOwned>(&self, change: Change) -> Result<T, StoreError> {
        Ok(read_item(self.write(Write::change(change), ReturnValue::AllNew).await?.unwrap_or_default())?)
    }

    /// One write by itself, and what was wanted back of a changed item.
    async fn write(&self, write: Write, wanted: ReturnValue) -> Result<Option<Item>, StoreError> {
        let terms = Terms::of(&write)?;
        let (table, total) = (self.name(), ReturnConsumedCapacity::Total);
        let (attributes, capacity) = match write.act {
            Act::Put(item) => {
                let call = with_terms!(self.client().put_item(), table, terms).set_item(Some(item));
                let sent = meter::call(call.return_consumed_capacity(total).send()).await;
                (None, sent.map_err(|error| refused_or_failed("put", error))?.consumed_capacity)
            }
            Act::Update(change) => {
                let call = with_terms!(self.client().update_item(), table, terms)
                    .set_key(Some(key_attributes(&change.key)))
                    .set_update_expression(terms.update)
                    .return_values(wanted);
                let sent = meter::call(call.return_consumed_capacity(total).send()).await;
                let answer = sent.map_err(|error| refused_or_failed("change", error))?;
                (answer.attributes, answer.consumed_capacity)
            }
            Act::Delete(key) => {
                let call = with_terms!(self.client().delete_item(), table, terms).set_key(Some(key_attributes(&key)));
                let sent = meter::call(call.return_consumed_capacity(total).send()).await;
                (None, sent.map_err(|error| refused_or_failed("delete", error))?.consumed_capacity)
            }
            Act::Check(_) => {
                return Err(Error::internal("A condition stands in a transaction only.", "check").into());
            }
        };
        meter::wrote(units(capacity.as_ref()));
        Ok(attributes)
    }

    /// Keeps items whatever was there, which is much cheaper than a transaction: some may be kept and others not where
    /// it fails. Their keys are all different.
    pub async fn put_all(&self, items: &[impl Stored]) -> Result<()> {
        let put = |item| {
            let put = PutRequest::builder().set_item(Some(item_of(item)?)).build().map_err(unbuilt)?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        self.write_all(items.iter().map(put).collect::<Result<_>>()?).await
    }

    /// Removes items in the same way; those that are gone stay gone.
    pub async fn delete_all(&self, keys: &[Key]) -> Result<()> {
        let delete = |key| {
            let delete = DeleteRequest::builder().set_key(Some(key_attributes(key))).build().map_err(unbuilt)?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        self.write_all(keys.iter().map(delete).collect::<Result<_>>()?).await
    }

    async fn write_all(&self, writes: Vec<WriteRequest>) -> Result<()> {
        for some in writes.chunks(WRITTEN * AT_ONCE) {
            try_join_all(some.chunks(WRITTEN).map(|batch| self.write_batch(batch.to_vec()))).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, mut writes: Vec<WriteRequest>) -> Result<()> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                pause(attempt).await;
            }
            let call = self
                .client()
                .batch_write_item()
                .request_items(self.name(), std::mem::take(&mut writes))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = meter::call(call.send()).await.map_err(|error| failed("write many", error))?;
            meter::wrote(units_of_all(answer.consumed_capacity.as_deref()));
            // What a throttled table leaves out is sent again.
            writes = answer.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if writes.is_empty() {
                return Ok(());
            }
        }
        Err(Error::internal("The table left writes out.", "throttled"))
    }

    /// All of these writes or none of them. Tells which was refused, the first if several were.
    pub async fn together(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let items = writes.into_iter().map(|write| self.transaction_item(write)).collect::<Result<Vec<_>>>()?;
        for attempt in 1.. {
            let call = self
                .client()
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let error = match meter::call(call.send()).await {
                Ok(answer) => {
                    meter::wrote(units_of_all(answer.consumed_capacity.as_deref()));
                    return Ok(());
                }
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(failed("write together", error).into());
            };
            let reasons = cancelled.cancellation_reasons();
            let code = |reason: &aws_sdk_dynamodb::types::CancellationReason| reason.code.clone().unwrap_or_default();
            if let Some(write) = reasons.iter().position(|reason| code(reason) == "ConditionalCheckFailed") {
                return Err(StoreError::Refused { write, found: reasons[write].item.clone().map(Found) });
            }
            let passing = ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
            if !reasons.iter().all(|reason| passing.contains(&code(reason).as_str())) {
                return Err(failed("write together", error).into());
            }
            if attempt == ATTEMPTS {
                return Err(StoreError::Busy(failed("write together", error)));
            }
            pause(attempt).await;
        }
        Ok(())
    }

    fn transaction_item(&self, write: Write) -> Result<TransactWriteItem> {
        let terms = Terms::of(&write)?;
        let (table, item) = (self.name(), TransactWriteItem::builder());
        let built = match write.act {
            Act::Put(new) => {
                with_terms!(Put::builder(), table, terms).set_item(Some(new)).build().map(|put| item.put(put))
            }
            Act::Update(change) => with_terms!(Update::builder(), table, terms)
                .set_key(Some(key_attributes(&change.key)))
                .set_update_expression(terms.update)
                .build()
                .map(|update| item.update(update)),
            Act::Delete(key) => with_terms!(Delete::builder(), table, terms)
                .set_key(Some(key_attributes(&key)))
                .build()
                .map(|delete| item.delete(delete)),
            Act::Check(key) => ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .condition_expression(terms.condition.unwrap_or_default())
                .set_expression_attribute_names(terms.names)
                .set_expression_attribute_values(terms.values)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .build()
                .map(|check| item.condition_check(check)),
        };
        Ok(built.map_err(|cause| Error::internal("A transaction could not be built.", cause))?.build())
    }

    /// One page of the whole table, for jobs that no request waits for.
    pub async fn scan<T: DeserializeOwned>(&self, sort_key: &str, after: Option<Key>) -> Result<(Vec<T>, Option<Key>)> {
        let call = self
            .client()
            .scan()
            .table_name(self.name())
            .filter_expression("#sk = :sk")
            .expression_attribute_names("#sk", "sk")
            .expression_attribute_values(":sk", AttributeValue::S(sort_key.to_owned()))
            .set_exclusive_start_key(after.as_ref().map(key_attributes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = meter::call(call.send()).await.map_err(|error| failed("scan", error))?;
        meter::read(units(answer.consumed_capacity.as_ref()));
        let items = answer.items.unwrap_or_default().into_iter().map(read_item).collect::<Result<_>>()?;
        Ok((items, answer.last_evaluated_key.as_ref().and_then(key_of)))
    }

    /// Builds the client before the first request instead of during it.
    pub fn warm(&self) {
        self.client();
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let aws = &self.config.aws;
            let mut config = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(aws.region())
                .credentials_provider(aws.credentials())
                .retry_config(aws.retries())
                .timeout_config(
                    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(DEADLINE).build(),
                );
            config.set_endpoint_url(aws.dynamodb_endpoint_url.clone().or_else(|| aws.endpoint_url.clone()));
            config.set_http_client(self.http_client.clone());
            Client::from_conf(config.build())
        })
    }

    fn has_ended(&self, item: &Item) -> bool {
        let ends = item.get("ttl").and_then(|ttl| ttl.as_n().ok()).and_then(|ttl| ttl.parse::<i64>().ok());
        ends.is_some_and(|ends| ends <= self.clock.now().timestamp())
    }
}

/// Waits a random part of a time that doubles with every attempt ("full jitter").
pub async fn pause(attempt: u32) {
    tokio::time::sleep(random_part(FIRST_WAIT * (1 << attempt.min(8)))).await;
}

/// The whole item: its own attributes, its keys, and when it ends.
pub(super) fn item_of(stored: &impl Stored) -> Result<Item> {
    let mut item: Item =
        serde_dynamo::to_item(stored).map_err(|cause| Error::internal("An item could not be stored.", cause))?;
    item.retain(|_, value| !value.is_null());
    item.extend(key_attributes(&stored.key()));
    for (index, place) in [(Index::First, stored.index()), (Index::Second, stored.second_index())] {
        if let Some(place) = place {
            item.insert(format!("{}pk", index.name()), AttributeValue::S(place.pk));
            item.insert(format!("{}sk", index.name()), AttributeValue::S(place.sk));
        }
    }
    if let Some(ends) = stored.expires() {
        item.insert("ttl".to_owned(), AttributeValue::N(ends.timestamp().to_string()));
    }
    Ok(item)
}

fn key_attributes(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key { pk: text(item, "pk")?, sk: text(item, "sk")? })
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn unbuilt(cause: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::internal("A batch could not be built.", cause)
}

fn read_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::from_item(item).map_err(|cause| Error::internal("An item could not be read.", cause))
}

fn units(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity.and_then(|capacity| capacity.capacity_units).unwrap_or_default()
}

fn units_of_all(capacities: Option<&[ConsumedCapacity]>) -> f64 {
    capacities.unwrap_or_default().iter().map(|capacity| units(Some(capacity))).sum()
}

/// Tells a condition that did not hold from a call that did not work.
fn refused_or_failed<E>(verb: &'static str, error: SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    // Each operation has an error type of its own, around one and the same exception.
    let cause = error.as_service_error().and_then(|error| error.source());
    match cause.and_then(|cause| cause.downcast_ref::<ConditionalCheckFailedException>()) {
        Some(refused) => StoreError::Refused { write: 0, found: refused.item.clone().map(Found) },
        None if error.code().is_some_and(|code| BUSY.contains(&code)) => StoreError::Busy(failed(verb, error)),
        None => StoreError::Failed(failed(verb, error)),
    }
}

/// The log's view of a failed call: the verb and DynamoDB's own word for it, no keys and no values.
fn failed<E>(verb: &'static str, error: SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let code = error.code().unwrap_or(match &error {
        SdkError::TimeoutError(_) => "timed out",
        SdkError::DispatchFailure(_) => "not reached",
        SdkError::ResponseError(_) => "unreadable answer",
        _ => "failed",
    });
    Error::internal("The table did not answer as it should.", format!("{verb}: {code}"))
}
