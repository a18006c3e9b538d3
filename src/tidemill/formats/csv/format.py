"""Format `csv`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from tidemill.formats.csv.decoder import CsvDecoder
from tidemill.formats.csv.encoder import CsvEncoder
from tidemill.formats.csv.options import OPTIONS, csv_rules
from tidemill.interfaces.format import FormatFactory

FORMAT = FormatFactory(
    "csv",
    OPTIONS,
    changelog=False,
    decoder=lambda schema, options, needed: CsvDecoder(schema, csv_rules(options), needed),
    encoder=lambda schema, options: CsvEncoder(schema, csv_rules(options)),
)
