"""Moto's server as a process: prints its address, ends when its standard input does.

Moto moves (or copies) the records of a shard that is split or merged to its children, writes to
closed shards, and never ends a closed shard's iterator; AWS does none of it. The first two are
mended here, the last the source can live with.
"""

from __future__ import annotations

import sys
from collections import OrderedDict

from moto.kinesis.models import Stream
from moto.server import ThreadedMotoServer


def split_as_aws_does(self, shard_id, at, split=Stream.split_shard):
    kept = self.shards[shard_id].records
    self.shards[shard_id].records = OrderedDict()
    split(self, shard_id, at)
    self.shards[shard_id].records = kept


def merge_as_aws_does(self, one, other, merge=Stream.merge_shards):
    kept = {shard_id: self.shards[shard_id].records for shard_id in (one, other)}
    for shard_id in kept:
        self.shards[shard_id].records = OrderedDict()
    merge(self, one, other)
    for shard_id, records in kept.items():
        self.shards[shard_id].records = records


def open_shard_for_key(self, key, explicit, find=Stream.get_shard_for_key):
    every = self.shards
    self.shards = {name: shard for name, shard in every.items() if shard.is_open}
    try:
        return find(self, key, explicit)
    finally:
        self.shards = every


def main():
    Stream.split_shard = split_as_aws_does
    Stream.merge_shards = merge_as_aws_does
    Stream.get_shard_for_key = open_shard_for_key
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
