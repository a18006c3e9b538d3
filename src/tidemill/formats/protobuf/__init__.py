"""Format `protobuf`: messages of a type that a descriptor file describes, under Flink's options.

Flink takes the type from a Java class on its class path; here a descriptor set says what it looks
like (`protoc --include_imports --descriptor_set_out=FILE`), and the class name names the message in
it, by Java's name or by Protobuf's own.
"""
