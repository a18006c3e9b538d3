"""Error codes of the room `connector`: code to its meaning in one sentence."""

CODES: dict[str, str] = {
    "connector.bad-option": "An option of a table has a value that its connector cannot work with.",
    "connector.fenced": "A newer process of the same job took over this sink, so this one must stop.",
    "connector.unreachable": "A store did not answer, or the connection to it broke.",
    "connector.login-refused": "A store refused the user name, the password or the access rights.",
    "connector.store-error": "A store refused a statement or a call.",
    "connector.table-missing": "The table that a connector reads or writes does not exist in the store.",
    "connector.schema-mismatch": "The columns of a table and of the thing behind it do not fit together.",
    "connector.unsupported-type": "A connector cannot carry a column of this type.",
    "connector.value-unreadable": "A value in the store does not fit the column's declared type.",
    "connector.value-refused": "A value cannot be written to the store in its column's type.",
    "connector.row-refused": "The store refused one row; the other rows went in.",
    "connector.path-missing": "A file or folder that a connector reads does not exist.",
    "connector.path-refused": "A path is of a kind that the connector does not serve.",
    "connector.bad-file": "A file is truncated, damaged, or not of the declared format.",
    "connector.file-changed": "A file is shorter or other than when its position was taken.",
    "connector.file-system": "The file system refused a read, a write, a rename or a deletion.",
    "connector.bad-position": "A stored position does not belong to this source.",
    "connector.output-closed": "Nobody reads the standard output or standard error any more.",
    "connector.not-open": "A connector was called out of turn: before open, or after a failure.",
    "connector.doubtful-commit": "A connection broke during a commit, so its outcome is unknown.",
}
