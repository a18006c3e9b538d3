"""The `filesystem` connector: files of a folder or an object store, read, and written exactly once.

Formats: parquet, and every format of one message per line (json, csv, debezium-json, raw).

- Source: bounded (the files that are there), or watching with `source.monitor-interval`. Each file
  is a partition of the source and is read once; hidden files (`.` or `_` first) are left out. A
  damaged file is set aside as one dead letter and the others go on; where `path` is a single file
  it is an error.
- Sink: each epoch becomes visible at its commit, by renames that a file of decisions
  (`<path>/.tidemill/<job>/state.json`) makes good after a crash. One file per epoch and partition
  folder; with `auto-compaction` epochs are gathered, still hidden, and become visible as larger
  files (by `compaction.file-size` or `sink.rolling-policy.rollover-interval`, and at the end).

On `s3://` paths (see `store_source` and `store_sink`) reading asks for one version of each object,
and an epoch is a set of multipart uploads that are completed once the commit is decided; the
decisions are objects that are written only where there is none.

Non-guarantees: a reader that lists the folder while an epoch is committed may see some of its files
a moment before the others; a file that is still growing when the source finds it is read as it is.
"""
