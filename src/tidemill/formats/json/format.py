"""Format `json`; see `decoder` and `encoder` for its rules."""

from __future__ import annotations

from tidemill.formats.json.decoder import JsonDecoder, row_type
from tidemill.formats.json.encoder import JsonEncoder
from tidemill.formats.json.native import natively
from tidemill.formats.json.options import OPTIONS, decode_rules, encode_rules
from tidemill.interfaces.format import Decoder, FormatFactory
from tidemill.interfaces.options import OptionValues
from tidemill.model import Schema, TypeRoot


def _decoder(schema: Schema, options: OptionValues, needed: frozenset[str] | None) -> Decoder:
    rules = decode_rules(options, tree=False, decimals=row_type(schema).holds(TypeRoot.DECIMAL))
    return natively(JsonDecoder(schema, rules, needed), needed)


def _encoder(schema: Schema, options: OptionValues) -> JsonEncoder:
    return JsonEncoder(schema, encode_rules(options))


FORMAT = FormatFactory(
    "json",
    OPTIONS,
    changelog=False,
    decoder=_decoder,
    encoder=_encoder,
    by_name=lambda options: not options["fail-on-missing-field"],
)
