"""The metrics of servers that only the servers themselves know: slots, databases, connectors."""

from __future__ import annotations

from tidemill.control.consumer_groups import lag_by_topic
from tidemill.control.server_metrics import ServerFacts
from tidemill.observe.prometheus import Family, Kind

_TASK_STATES = ("RUNNING", "PAUSED", "FAILED", "UNASSIGNED", "RESTARTING", "STOPPED")


def server_families(facts: ServerFacts) -> list[Family]:
    """The families with their samples, in a stable order."""
    answered = _family("server_query_success", "1 where a server said how it is at this scrape.")
    for server, did in facts.answered.items():
        answered.add(int(did), server=server)
    return [
        answered,
        *_slots(facts),
        *_databases(facts),
        *_connectors(facts),
        *_kafka(facts),
        *_redis(facts),
    ]


def _slots(facts: ServerFacts) -> list[Family]:
    active = _family("postgres_slot_active", "1 where somebody reads from the slot.")
    lost = _family("postgres_slot_lost", "1 where WAL that the slot needs is gone.")
    held = _family("postgres_slot_wal_bytes", "WAL that the server keeps for the slot.")
    behind = _family("postgres_slot_unconfirmed_bytes", "WAL that its reader has not confirmed.")
    budget = _family("postgres_slot_wal_budget_bytes", "WAL that the slot may hold.")
    for slot in facts.slots:
        name = slot.state.name
        active.add(int(slot.state.active), slot=name)
        lost.add(int(slot.state.wal_status == "lost"), slot=name)
        held.add(slot.state.retained_bytes, slot=name)
        behind.add(slot.state.behind_bytes, slot=name)
        budget.add(slot.budget_bytes, slot=name)
    return [active, lost, held, behind, budget]


def _databases(facts: ServerFacts) -> list[Family]:
    size = _family("postgres_database_bytes", "Size of a database on disk.")
    connections = _family("postgres_connections", "Connections to a database.")
    transactions = _family("postgres_transactions_total", "Transactions, by how they ended.", True)
    deadlocks = _family("postgres_deadlocks_total", "Deadlocks in a database.", True)
    for one in facts.databases:
        size.add(one.size_bytes, database=one.name)
        connections.add(one.connections, database=one.name)
        transactions.add(one.commits, database=one.name, outcome="commit")
        transactions.add(one.rollbacks, database=one.name, outcome="rollback")
        deadlocks.add(one.deadlocks, database=one.name)
    return [size, connections, transactions, deadlocks]


def _connectors(facts: ServerFacts) -> list[Family]:
    state = _family("connector_state", "1 for the state that a connector is in.")
    tasks = _family("connector_task_state", "1 for the state that a task of it is in.")
    for one in facts.connectors:
        for known in dict.fromkeys((*_TASK_STATES, one.state)):
            state.add(int(one.state == known), connector=one.name, state=known)
        for task in one.tasks:
            for known in dict.fromkeys((*_TASK_STATES, task.state)):
                is_in = int(task.state == known)
                tasks.add(is_in, connector=one.name, task=str(task.id), state=known)
    return [state, tasks]


def _kafka(facts: ServerFacts) -> list[Family]:
    partitions = _family("kafka_topic_partitions", "Partitions of a topic.")
    kept = _family("kafka_topic_records", "Offsets between the begin and the end of a topic.")
    ends = _family("kafka_topic_end_offset_total", "Ends of a topic's partitions, summed up.", True)
    lag = _family("kafka_group_lag_records", "Records that wait for a group in a topic.")
    members = _family("kafka_group_members", "Consumers of a group.")
    for topic in facts.topics:
        partitions.add(topic.partitions, topic=topic.name)
        kept.add(topic.messages, topic=topic.name)
        ends.add(topic.ends, topic=topic.name)
    for group in facts.groups:
        members.add(len(group.members), group=group.name)
        for name, waiting in lag_by_topic(group).items():
            lag.add(waiting, group=group.name, topic=name)
    return [partitions, kept, ends, lag, members]


def _redis(facts: ServerFacts) -> list[Family]:
    found = facts.redis
    memory = _family("redis_memory_bytes", "Memory that Redis uses for its data.")
    clients = _family("redis_clients", "Clients of Redis.")
    keys = _family("redis_keys", "Keys of all databases.")
    commands = _family("redis_commands_total", "Commands that Redis processed.", True)
    evicted = _family(
        "redis_evicted_keys_total", "Keys that Redis dropped for lack of memory.", True
    )
    if found is not None:
        memory.add(found.memory_bytes)
        clients.add(found.clients)
        keys.add(found.keys)
        commands.add(found.commands)
        evicted.add(found.evicted)
    return [memory, clients, keys, commands, evicted]


def _family(name: str, help_: str, counts: bool = False) -> Family:
    kind: Kind = "counter" if counts else "gauge"
    return Family(f"tidemill_{name}", kind, help_)
