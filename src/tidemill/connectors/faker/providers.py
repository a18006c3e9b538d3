"""The calls that make texts: numbers, patterns, and what the library Faker knows.

A provider of Flink's connector (which uses Java's Datafaker) is the method of Faker that means the
same. The names of films and books are not there: Faker does not know them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa

from tidemill.connectors.datagen.randomness import Stream, uniform_int64
from tidemill.connectors.datagen.scalars import Clock, Generate
from tidemill.connectors.faker.expressions import ProviderCall
from tidemill.connectors.faker.regexify import bothify, regexify
from tidemill.connectors.faker.texts import choice, constant, hexadecimal, joined
from tidemill.errors import did_you_mean

POOL_SIZE = 1000
METHODS = {
    "name.firstname": "first_name", "name.lastname": "last_name", "name.fullname": "name",
    "name.name": "name", "name.username": "user_name", "name.prefix": "prefix",
    "name.suffix": "suffix", "name.title": "job", "address.city": "city",
    "address.cityname": "city", "address.country": "country",
    "address.countrycode": "country_code", "address.fulladdress": "address",
    "address.streetname": "street_name", "address.streetaddress": "street_address",
    "address.state": "state", "address.stateabbr": "state_abbr", "address.zipcode": "postcode",
    "address.latitude": "latitude", "address.longitude": "longitude",
    "address.timezone": "timezone", "address.buildingnumber": "building_number",
    "country.name": "country", "country.countrycode2": "country_code",
    "internet.emailaddress": "email", "internet.safeemailaddress": "safe_email",
    "internet.domainname": "domain_name", "internet.url": "url", "internet.slug": "slug",
    "internet.useragentany": "user_agent", "internet.useragent": "user_agent",
    "internet.ipv6address": "ipv6", "internet.privateipv4address": "ipv4_private",
    "internet.macaddress": "mac_address", "currency.code": "currency_code",
    "currency.name": "currency_name", "company.name": "company", "company.bs": "bs",
    "company.catchphrase": "catch_phrase", "color.name": "color_name", "lorem.word": "word",
    "lorem.sentence": "sentence", "lorem.paragraph": "paragraph",
    "phonenumber.phonenumber": "phone_number", "phonenumber.cellphone": "phone_number",
    "job.title": "job", "finance.iban": "iban", "finance.creditcard": "credit_card_number",
    "code.isbn13": "isbn13", "commerce.color": "color_name",
}  # fmt: skip
"""What Faker makes, by the names of Flink's connector in lower case."""
_HASHES = {"crypto.md5": 32, "crypto.sha1": 40, "crypto.sha256": 64, "crypto.sha512": 128}
_FICTION = frozenset(
    (
        "harrypotter", "superhero", "rickandmorty", "hitchhikersguidetothegalaxy", "drwho", "space",
        "gameofthrones", "lordoftherings", "dragonball", "starwars", "pokemon", "book", "beer",
        "food", "esports", "team", "music", "artist",
    )
)  # fmt: skip
_GOODS = (
    ("Small", "Ergonomic", "Rustic", "Smart", "Sleek", "Practical", "Light", "Durable", "Heavy"),
    ("Steel", "Wooden", "Concrete", "Plastic", "Cotton", "Granite", "Rubber", "Leather", "Paper"),
    ("Chair", "Car", "Computer", "Gloves", "Shirt", "Table", "Shoes", "Hat", "Lamp", "Bottle"),
)
_DEPARTMENTS = (
    "Books", "Movies", "Music", "Games", "Electronics", "Computers", "Home", "Garden", "Tools",
    "Grocery", "Health", "Toys", "Kids", "Baby", "Clothing", "Shoes", "Jewelry", "Sports",
)  # fmt: skip


def text_generator(call: ProviderCall, seed: int, path: str) -> Generate:
    """The generator of a call's texts; ValueError, in words, for one that is not known."""
    stream = Stream.of(seed, path)
    made = _number(call, stream) or _pattern(call, seed, path)
    if made is not None:
        return made
    if call.key in METHODS:
        return choice(_pool(METHODS[call.key], seed), stream)
    if call.key in ("internet.uuid", "idnumber.uuid"):
        return _uuids(seed, path)
    if call.key in _HASHES:
        return hexadecimal(stream, _HASHES[call.key])
    if call.key in ("internet.publicipv4address", "internet.ipv4address"):
        return _addresses(seed, path)
    if call.key == "commerce.productname":
        words = [choice(g, Stream.of(seed, f"{path}.{i}")) for i, g in enumerate(_GOODS)]
        return joined([words[0], constant(" "), words[1], constant(" "), words[2]])
    if call.key == "commerce.department":
        return choice(_DEPARTMENTS, stream)
    if call.key in ("bool.bool", "boolean.bool"):
        return choice(("true", "false"), stream)
    raise ValueError(_unknown(call))


def _unknown(call: ProviderCall) -> str:
    name = call.key.partition(".")[0]
    if name == "date":
        return f"`{call.written}` makes a time: it stands alone, for a DATE or TIMESTAMP"
    if name in _FICTION:
        return (
            f"`{call.written}` is not there: the library Faker has no such names; write the values "
            "as #{regexify '(one|two|three)'}"
        )
    near = did_you_mean(call.key, {*METHODS, *_HASHES, "number.numberbetween", "internet.uuid"})
    return f"unknown provider `{call.written}`" + (f"; {near}" if near else "")


# --- numbers -------------------------------------------------------------------------------------


def _number(call: ProviderCall, stream: Stream) -> Generate | None:
    if call.key == "number.numberbetween":
        low, high = _whole(call, 2)
        if low > high:
            raise ValueError(f"`{call.written}` begins above its end")
        return _integers(stream, low, max(low, high - 1))
    if call.key == "number.randomdouble":
        digits, low, high = _whole(call, 3)
        if low > high or not 0 <= digits <= 12:
            raise ValueError(f"`{call.written}` takes digits (at most 12), least and greatest")
        return _decimals(stream, digits, low, high)
    if call.key in ("number.digit", "number.randomdigit"):
        return _integers(stream, 0, 9)
    if call.key == "number.randomdigitnotzero":
        return _integers(stream, 1, 9)
    if call.key == "commerce.price":
        return _decimals(stream, 2, 0, 100)
    return None


def _whole(call: ProviderCall, count: int) -> list[int]:
    try:
        numbers = [int(argument) for argument in call.arguments]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ValueError(f"`{call.written}` takes {count} whole numbers in quotes")
    return numbers


def _integers(stream: Stream, low: int, high: int) -> Generate:
    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        return pa.array(uniform_int64(stream, start, count, low, high)).cast(pa.string())

    return generate


def _decimals(stream: Stream, digits: int, low: int, high: int) -> Generate:
    scale = 10**digits
    type_ = pa.decimal128(38, digits)

    def generate(start: int, count: int, clock: Clock) -> pa.Array:
        units = uniform_int64(stream, start, count, low * scale, high * scale)
        whole = pa.array(units).cast(pa.decimal128(38, 0))
        return pa.Array.from_buffers(type_, count, whole.buffers()).cast(pa.string())

    return generate


# --- patterns and the like -----------------------------------------------------------------------


def _pattern(call: ProviderCall, seed: int, path: str) -> Generate | None:
    if call.key in ("options.option", "option"):
        if not call.arguments:
            raise ValueError(f"`{call.written}` takes the values to choose from")
        return choice(call.arguments, Stream.of(seed, path))
    if call.key not in ("regexify", "bothify", "numerify", "letterify"):
        return None
    if len(call.arguments) != 1:
        raise ValueError(f"`{call.written}` takes one pattern in quotes")
    if call.key == "regexify":
        return regexify(call.arguments[0], seed, path)
    return bothify(
        call.arguments[0], seed, path,
        digits=call.key != "letterify", letters=call.key != "numerify",
    )  # fmt: skip


def _uuids(seed: int, path: str) -> Generate:
    """Random ones, version 4."""
    parts: list[Generate] = []
    for i, digits in enumerate((8, 4, 3, 3, 12)):
        parts += [hexadecimal(Stream.of(seed, f"{path}.{i}"), digits), constant("-")]
    parts.insert(4, constant("4"))
    parts.insert(7, choice("89ab", Stream.of(seed, f"{path}.variant")))
    return joined(parts[:-1])


def _addresses(seed: int, path: str) -> Generate:
    """IPv4 addresses outside the private and reserved ranges."""
    first = [str(i) for i in range(1, 224) if i not in (10, 100, 127, 169, 172, 192, 198, 203)]
    octets = [choice(first, Stream.of(seed, f"{path}.0"))]
    octets += [_integers(Stream.of(seed, f"{path}.{i}"), 0 if i < 3 else 1, 254) for i in (1, 2, 3)]
    dot = constant(".")
    return joined([octets[0], dot, octets[1], dot, octets[2], dot, octets[3]])


@lru_cache(maxsize=64)
def _pool(method: str, seed: int) -> tuple[str, ...]:
    """Values of a method of Faker; the same for the same seed."""
    from faker import Faker  # noqa: PLC0415 - slow to import

    faker = Faker("en_US", use_weighting=False)
    text = f"{seed}\x00{method}".encode()
    faker.seed_instance(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))
    make: Callable[[], object] = getattr(faker, method)
    return tuple(str(make()).replace("\n", ", ") for _ in range(POOL_SIZE))
