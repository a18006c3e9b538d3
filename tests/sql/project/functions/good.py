from tidemill.functions import AggregateFunction, udaf, udf, udtf


@udf
def shout(text: str) -> str:
    return text.upper()


@udf(result_type="BIGINT", input_types=["BIGINT", "DECIMAL(10, 2)"])
def price(count, each):
    return int(count * each)


@udtf(result_types=["STRING", "INT"])
def words(text: str):
    for word in text.split():
        yield word, len(word)


class Total(AggregateFunction):
    def create_accumulator(self):
        return [0]

    def accumulate(self, accumulator, value: int):
        accumulator[0] += value

    def get_value(self, accumulator):
        return accumulator[0]


total = udaf(Total(), result_type="BIGINT", accumulator_type="ARRAY<BIGINT>")


def plain(text):
    return text


@udf(result_type="TEXT")
def odd(text):
    return text


@udf(result_type="INTERVAL DAY")
def span(text):
    return text
