from tidemill.functions import udf


@udf
def one(x: int) -> int:
    return x
