"""The list of all verbs: name, place of its code, one line of help. Nothing is imported here."""

from __future__ import annotations

from tidemill.records import dataclass


@dataclass(frozen=True, slots=True)
class VerbEntry:
    """One verb, or (with `verbs`) a noun with its own verbs."""

    name: str
    target: str
    help: str
    group: str = ""
    verbs: tuple[VerbEntry, ...] = ()


PROJECT, SERVERS, PIPELINES, DATA, MORE = "Project", "Servers", "Pipelines", "Data", "More"

TOPIC = (
    VerbEntry("list", "tidemill.cli.topic_list:APP", "List the topics."),
    VerbEntry("describe", "tidemill.cli.topic_describe:APP", "Show a topic's partitions."),
    VerbEntry("read", "tidemill.cli.topic_read:APP", "Print the messages of a topic."),
    VerbEntry("write", "tidemill.cli.topic_write:APP", "Write messages to a topic."),
    VerbEntry("create", "tidemill.cli.topic_create:APP", "Create a topic."),
    VerbEntry("delete", "tidemill.cli.topic_delete:APP", "Delete topics and all their messages."),
)
CONNECTOR = (
    VerbEntry("list", "tidemill.cli.connector_list:APP", "List the connectors and their states."),
    VerbEntry(
        "register", "tidemill.cli.connector_register:APP", "Register a connector and wait for it."
    ),
    VerbEntry(
        "status", "tidemill.cli.connector_status:APP", "Show a connector's state and its trace."
    ),
    VerbEntry("pause", "tidemill.cli.connector_pause:APP", "Pause a connector."),
    VerbEntry("resume", "tidemill.cli.connector_resume:APP", "Resume a paused connector."),
    VerbEntry(
        "restart", "tidemill.cli.connector_restart:APP", "Restart a connector and its tasks."
    ),
    VerbEntry("delete", "tidemill.cli.connector_delete:APP", "Delete a connector."),
)
ROLE = (
    VerbEntry("create", "tidemill.cli.role_create:APP", "Make a role of Postgres with few rights."),
)
CDC = (
    VerbEntry("status", "tidemill.cli.cdc_status:APP", "Show slots, their readers and their WAL."),
    VerbEntry("guard", "tidemill.cli.cdc_guard:APP", "Hold slots to their budget of WAL."),
    VerbEntry(
        "resnapshot", "tidemill.cli.cdc_resnapshot:APP", "Have a pipeline read all rows anew."
    ),
)
SCHEMA = (
    VerbEntry("list", "tidemill.cli.schema_list:APP", "List the subjects."),
    VerbEntry("show", "tidemill.cli.schema_show:APP", "Show a schema of a subject."),
    VerbEntry("register", "tidemill.cli.schema_register:APP", "Register a schema."),
    VerbEntry("check", "tidemill.cli.schema_check:APP", "Check whether a schema may follow."),
)
LAKE = (
    VerbEntry("ls", "tidemill.cli.lake_ls:APP", "List objects."),
    VerbEntry("put", "tidemill.cli.lake_put:APP", "Send files to the lake."),
    VerbEntry("get", "tidemill.cli.lake_get:APP", "Fetch objects from the lake."),
    VerbEntry("copy", "tidemill.cli.lake_copy:APP", "Copy objects that are new or have changed."),
    VerbEntry("rm", "tidemill.cli.lake_rm:APP", "Remove objects from the lake."),
    VerbEntry("import", "tidemill.cli.lake_import:APP", "Send the files that lake.yaml names."),
    VerbEntry("query", "tidemill.cli.lake_query:APP", "Query the files of the lake."),
    VerbEntry(
        "compact",
        "tidemill.cli.lake_compact:APP",
        "Make fewer files of an Iceberg or Delta table's many small ones.",
    ),
    VerbEntry(
        "expire",
        "tidemill.cli.lake_expire:APP",
        "Remove old versions of an Iceberg or Delta table, and the files that only they had.",
    ),
    VerbEntry(
        "watch", "tidemill.cli.lake_watch:APP", "Write what happens to objects into a Kafka topic."
    ),
    VerbEntry("probe", "tidemill.cli.lake_probe:APP", "Try out what an S3 endpoint honours."),
)
FLINK = (
    VerbEntry("run", "tidemill.cli.flink_run:APP", "Run a PyFlink program."),
    VerbEntry("list", "tidemill.cli.flink_list:APP", "List the jobs of Flink."),
    VerbEntry("status", "tidemill.cli.flink_status:APP", "Show a job: rows, watermark, state."),
    VerbEntry("cancel", "tidemill.cli.flink_cancel:APP", "Cancel a job, without a savepoint."),
    VerbEntry("stop", "tidemill.cli.flink_stop:APP", "Stop a job with a savepoint."),
    VerbEntry("savepoint", "tidemill.cli.flink_savepoint:APP", "Take a savepoint of a job."),
)
DBT = (
    VerbEntry("build", "tidemill.cli.dbt_build:APP", "Build the warehouse: models and tests."),
    VerbEntry(
        "generate", "tidemill.cli.dbt_generate:APP", "Write dbt's sources from the pipelines."
    ),
)
DEADLETTER = (
    VerbEntry("list", "tidemill.cli.deadletter_list:APP", "Count the dead letters."),
    VerbEntry("show", "tidemill.cli.deadletter_show:APP", "Show dead letters."),
    VerbEntry(
        "redrive", "tidemill.cli.deadletter_redrive:APP", "Put messages back into their topics."
    ),
)
SAVEPOINT = (
    VerbEntry("take", "tidemill.cli.savepoint_take:APP", "Take a savepoint of a pipeline."),
    VerbEntry("list", "tidemill.cli.savepoint_list:APP", "List the savepoints, the newest first."),
    VerbEntry("delete", "tidemill.cli.savepoint_delete:APP", "Delete a savepoint."),
)
CHECKS = (
    VerbEntry("run", "tidemill.cli.checks_run:APP", "Look at tables and files with suites."),
    VerbEntry("list", "tidemill.cli.checks_list:APP", "List the suites and what they last found."),
    VerbEntry("export", "tidemill.cli.checks_export:APP", "Print a suite for Great Expectations."),
    VerbEntry(
        "import", "tidemill.cli.checks_import:APP", "Take over a suite of Great Expectations."
    ),
)
EXPORT = (
    VerbEntry(
        "compose", "tidemill.cli.export_compose:APP", "Write the project for Docker Compose."
    ),
    VerbEntry(
        "kubernetes", "tidemill.cli.export_kubernetes:APP", "Write the project for Kubernetes."
    ),
)
VERBS = (
    VerbEntry("init", "tidemill.cli.init:APP", "Make a new project from a template.", PROJECT),
    VerbEntry(
        "doctor",
        "tidemill.cli.doctor:APP",
        "Look for what stops Tidemill here, or a window.",
        PROJECT,
    ),
    VerbEntry("demo", "tidemill.cli.demo:APP", "Run an example project, end to end.", PROJECT),
    VerbEntry(
        "fetch", "tidemill.cli.fetch:APP", "Fetch the servers' files for offline starts.", SERVERS
    ),
    VerbEntry("up", "tidemill.cli.up:APP", "Start the project's servers.", SERVERS),
    VerbEntry("down", "tidemill.cli.down:APP", "Stop the project's servers.", SERVERS),
    VerbEntry("status", "tidemill.cli.status:APP", "Show how servers and pipelines are.", SERVERS),
    VerbEntry("top", "tidemill.cli.top:APP", "Show servers and pipelines, live.", SERVERS),
    VerbEntry("logs", "tidemill.cli.logs:APP", "Print a server's log.", SERVERS),
    VerbEntry(
        "check", "tidemill.cli.check:APP", "Check pipelines without running them.", PIPELINES
    ),
    VerbEntry("explain", "tidemill.cli.explain:APP", "Show how a pipeline would run.", PIPELINES),
    VerbEntry(
        "test", "tidemill.cli.test:APP", "Run the event-time fixtures of pipelines.", PIPELINES
    ),
    VerbEntry("run", "tidemill.cli.run:APP", "Run a pipeline.", PIPELINES),
    VerbEntry(
        "stop", "tidemill.cli.stop:APP", "Stop a pipeline in order, wherever it runs.", PIPELINES
    ),
    VerbEntry(
        "savepoint", "", "Keep a pipeline's state, to go on from there.", PIPELINES, SAVEPOINT
    ),
    VerbEntry(
        "plan", "tidemill.cli.plan:APP", "Show what a changed text does to state.", PIPELINES
    ),
    VerbEntry("apply", "tidemill.cli.apply:APP", "Take state over into a changed text.", PIPELINES),
    VerbEntry("account", "tidemill.cli.account:APP", "Show where every row went.", PIPELINES),
    VerbEntry("why", "tidemill.cli.why:APP", "Show which messages a row is made of.", PIPELINES),
    VerbEntry("why-not", "tidemill.cli.why_not:APP", "Show where a message ended.", PIPELINES),
    VerbEntry(
        "parity", "tidemill.cli.parity:APP", "Compare a pipeline here and on Flink.", PIPELINES
    ),
    VerbEntry(
        "reconcile",
        "tidemill.cli.reconcile:APP",
        "Compare what sinks hold with what they should.",
        PIPELINES,
    ),
    VerbEntry(
        "chaos",
        "tidemill.cli.chaos:APP",
        "Hurt a pipeline and its servers, and check what must hold.",
        PIPELINES,
    ),
    VerbEntry(
        "eject",
        "tidemill.cli.eject:APP",
        "Write a pipeline out as a project of its own.",
        PIPELINES,
    ),
    VerbEntry("export", "", "Write the project for other systems.", PIPELINES, EXPORT),
    VerbEntry("sql", "tidemill.cli.sql:APP", "Run SQL, or open an interactive shell.", PIPELINES),
    VerbEntry("console", "tidemill.cli.console:APP", "Open the web console.", DATA),
    VerbEntry("topic", "", "List, read and write Kafka topics.", DATA, TOPIC),
    VerbEntry("schema", "", "List, show, register and check schemas.", DATA, SCHEMA),
    VerbEntry("connector", "", "Manage connectors of Kafka Connect.", DATA, CONNECTOR),
    VerbEntry("cdc", "", "Replication slots: see, hold to a budget, read anew.", DATA, CDC),
    VerbEntry(
        "deadletter", "", "Rows that could not be processed: see, put back.", DATA, DEADLETTER
    ),
    VerbEntry("checks", "", "Check rows, tables and files with expectations.", DATA, CHECKS),
    VerbEntry("dbt", "", "Build the warehouse with dbt.", DATA, DBT),
    VerbEntry("train", "tidemill.cli.train:APP", "Run a training program.", DATA),
    VerbEntry("lineage", "tidemill.cli.lineage:APP", "Show where rows come from and go to.", DATA),
    VerbEntry("lake", "", "Objects of an S3 lake: files, queries, events.", DATA, LAKE),
    VerbEntry("role", "", "Roles of Postgres with as few rights as needed.", DATA, ROLE),
    VerbEntry("flink", "", "Run PyFlink programs, manage the jobs of a Flink.", PIPELINES, FLINK),
    VerbEntry(
        "completion", "tidemill.cli.completion:APP", "Print a shell's completion script.", MORE
    ),
    VerbEntry("version", "tidemill.cli.version:APP", "Show the versions.", MORE),
    VerbEntry("sbom", "tidemill.cli.sbom:APP", "List what Tidemill is made of (CycloneDX).", MORE),
)
