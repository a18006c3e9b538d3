"""Error codes of event-time fixtures (`tidemill test`): code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "fixture.not-found": "No fixture file or test of this name is there.",
    "fixture.unreadable": "A fixture file, or a data file that it names, cannot be read.",
    "fixture.unknown-key": "A fixture file has a key that is not known there.",
    "fixture.missing-key": "A fixture file lacks a key that is needed.",
    "fixture.bad-value": "A value in a fixture file is not what may stand there.",
    "fixture.unknown-table": "A fixture names a table that the pipeline does not read or write.",
    "fixture.unknown-column": "A row of a fixture names a column that its table does not have.",
    "fixture.bad-row": "A value of a row does not fit the type of its column.",
    "fixture.bad-step": "A step cannot happen in this pipeline, such as a watermark going back.",
    "fixture.bad-selection": "The expression of -k is not well-formed.",
    "fixture.not-on-flink": "A test has a step or an expectation that Flink cannot be given.",
}
