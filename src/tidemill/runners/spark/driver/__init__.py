"""What runs in Spark's environment: a folder of its own, since its files are found first there."""
