//! Kafka through librdkafka, whole batches at a time and without the GIL.

mod client;
mod messages;
pub mod producer;
pub mod reader;
pub mod slices;
