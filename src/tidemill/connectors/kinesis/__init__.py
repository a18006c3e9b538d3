"""The `kinesis` connector: a stream of Amazon Kinesis as an unbounded source and a sink.

Options are those of Flink's connector; it speaks to Kinesis through boto3 (extra `kinesis`).

- Source: every shard is a partition, its position the last sequence number. A shard that was split
  or merged is read to its end before its children, so the order of a partition key is kept.
- Sink: append-only and at least once, as Flink's: Kinesis has no transactions, so a crash may
  repeat the rows of one epoch.

Tested on the emulation of moto's server, the only one to be had where it was built, and not on AWS.
"""
