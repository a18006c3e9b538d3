"""Error codes of the room `runners`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "runner.not-on-spark": "A part of a pipeline does not run on Spark, or not as on Flink.",
    "runner.spark-failed": "A job failed on Spark.",
    "runner.gone": "A Flink session, operation or job is not known any more.",
    "runner.job-failed": "A job failed on Flink.",
    "runner.no-model": "A pipeline declares a model; open-source Flink has remote providers only.",
    "runner.no-history": "Flink's SQL cannot read a history before a topic.",
    "runner.no-connector": "Flink has no connector of this name here.",
    "runner.program-failed": "A Flink program, or a function of it, raised an exception.",
    "runner.program-killed": "A Flink program was killed by a signal.",
    "runner.refused": "Flink refused a statement.",
    "runner.savepoint-missing": "The point from which a job was to go on has been removed.",
    "runner.timeout": "Flink did not finish in the time given.",
    "runner.unknown-job": "Flink knows no job of this id or name, or several.",
    "runner.unreachable": "Flink's REST interface cannot be reached.",
}
