"""Error codes of the demos: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "demo.unknown-example": "There is no example of this name.",
    "demo.input-missing": "The input file of a demo does not exist.",
    "demo.input-format": "The input file of a demo is in a format that is not read.",
    "demo.input-unreadable": "The input file of a demo is damaged or cut off.",
    "demo.input-columns": "The input file of a demo lacks columns of its schema.",
    "demo.input-values": "A column of a demo's input file holds values that do not fit.",
    "demo.input-empty": "The input file of a demo has no rows.",
    "demo.bad-number": "A number given to a demo is out of range.",
    "demo.other-input": "The demo's folder holds the rows of another input file.",
    "demo.busy": "Another run of the demo is using the same folder.",
    "demo.connector-failed": "The demo's change data connector failed.",
    "demo.stuck": "Rows stopped arriving at the demo's pipeline.",
    "demo.load-failed": "Rows could not be inserted into the demo's table.",
    "demo.rows-missing": "Not every inserted row is accounted for.",
    "demo.check-failed": "A check that the demo's next step rests on has failed.",
    "demo.kinesis-missing": "The emulation of Kinesis that a demo needs is not installed.",
    "demo.program-failed": "A program of the example, such as train.py, failed.",
    "demo.option": "An option of the demo command belongs to another example.",
    "demo.results-differ": "A demo's results differ from the same computed another way.",
    "demo.windows-differ": "Window results differ from the same aggregate over the table.",
}
