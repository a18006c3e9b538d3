"""Functions that the parity case calls on both engines."""

import datetime
import decimal

import pyarrow as pa
import pyarrow.compute as pc

from tidemill.functions import AggregateFunction, Row, TableFunction, udaf, udf, udtf


@udf
def shout(text: str) -> str:
    return None if text is None else text.upper() + "!"


@udf(func_type="arrow")
def doubled(number: int) -> int:
    return pc.multiply(number, pa.scalar(2, pa.int64()))


@udf(result_type="STRING")
def described(value):
    return f"{type(value).__name__} {value!r}"


@udf(result_type="INT", input_types=["DOUBLE"])
def cut(number):
    return None if number is None else number


@udf(result_type="DECIMAL(8, 2)")
def rounded(number):
    return None if number is None else decimal.Decimal(number)


@udf(result_type="DATE")
def next_day(day):
    return day + datetime.timedelta(days=1) if day else None


@udf(result_type="TIME")
def same_time(time):
    return time


@udf(result_type="TIMESTAMP(3)")
def later(instant):
    return instant + datetime.timedelta(microseconds=1999) if instant else None


@udf(result_type="TIMESTAMP_LTZ(3)")
def same_instant(instant):
    return instant


@udf(result_type="BYTES")
def turned(data: bytes):
    return None if data is None else data[::-1]


@udf(result_type="ROW<a BIGINT, b ARRAY<STRING>>")
def packed(number, text):
    return Row(b=[text, None] if text else None, a=number)


@udf(result_type="MAP<STRING, BIGINT>")
def letters(text):
    return {letter: text.count(letter) for letter in sorted(set(text or ""))}


class Split(TableFunction):
    def open(self, function_context):
        self.separator = " "

    def eval(self, text: str):
        for word in (text or "").split(self.separator):
            if word:
                yield word, len(word)


split = udtf(Split(), result_types=["STRING", "INT"])


class WeightedMean(AggregateFunction):
    def create_accumulator(self):
        return Row(0, 0)

    def accumulate(self, accumulator, value: int, weight: int):
        if value is not None:
            accumulator[0] += value * weight
            accumulator[1] += weight

    def retract(self, accumulator, value: int, weight: int):
        if value is not None:
            accumulator[0] -= value * weight
            accumulator[1] -= weight

    def merge(self, accumulator, accumulators):
        for other in accumulators:
            accumulator[0] += other[0]
            accumulator[1] += other[1]

    def get_value(self, accumulator):
        return accumulator[0] / accumulator[1] if accumulator[1] else None


weighted_mean = udaf(
    WeightedMean(), result_type="DOUBLE", accumulator_type="ROW<total BIGINT, weight BIGINT>"
)


class Joined(AggregateFunction):
    def create_accumulator(self):
        return []

    def accumulate(self, accumulator, text: str):
        accumulator.append(text)

    def retract(self, accumulator, text: str):
        accumulator.remove(text)

    def get_value(self, accumulator):
        return ",".join(sorted(text or "-" for text in accumulator))


joined = udaf(Joined(), result_type="STRING", accumulator_type="ARRAY<STRING>")
