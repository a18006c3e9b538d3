import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** The tasks for Kafka Streams: {@code java KafkaStreamsTasks JOB}. Runs until the harness ends it. */
public final class KafkaStreamsTasks {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final DateTimeFormatter TEXT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS").withZone(ZoneOffset.UTC);
  private static final Serde<JsonNode> NODE = Serdes.serdeFrom(serializer(), deserializer());
  private static final Serde<Sums> SUMS = Serdes.serdeFrom(new Sums.Out(), new Sums.In());

  /** A count, and two sums: a double and a long. */
  record Sums(long count, double sum, double other, long whole) {
    static final Sums NONE = new Sums(0, 0, 0, 0);

    static final class Out implements Serializer<Sums> {
      @Override
      public byte[] serialize(String topic, Sums s) {
        if (s == null) {
          return null;
        }
        return ByteBuffer.allocate(32)
            .putLong(s.count).putDouble(s.sum).putDouble(s.other).putLong(s.whole).array();
      }
    }

    static final class In implements Deserializer<Sums> {
      @Override
      public Sums deserialize(String topic, byte[] bytes) {
        if (bytes == null) {
          return null;
        }
        ByteBuffer b = ByteBuffer.wrap(bytes);
        return new Sums(b.getLong(), b.getDouble(), b.getDouble(), b.getLong());
      }
    }
  }

  private final JsonNode job;
  private final StreamsBuilder builder = new StreamsBuilder();

  private KafkaStreamsTasks(JsonNode job) {
    this.job = job;
  }

  public static void main(String[] arguments) throws Exception {
    JsonNode job = JSON.readTree(Path.of(arguments[0]).toFile());
    KafkaStreamsTasks tasks = new KafkaStreamsTasks(job);
    tasks.build();
    KafkaStreams streams = new KafkaStreams(tasks.builder.build(), tasks.settings());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
    streams.start();
  }

  private Properties settings() {
    boolean once = job.get("exactly_once").asBoolean();
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, job.get("output").asText());
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, job.get("bootstrap").asText());
    p.put(StreamsConfig.STATE_DIR_CONFIG, job.get("folder").asText() + "/state");
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
        once ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
    // Its default with exactly once is 100 ms; without it 30 s, which here would only delay T6.
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, once ? 100 : 1000);
    p.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    p.put(StreamsConfig.producerPrefix("linger.ms"), "5");
    p.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    return p;
  }

  private void build() {
    switch (job.get("task").asText()) {
      case "T1" -> windowed();
      case "T2" -> stateless();
      case "T3" -> lookup(true);
      case "T3M" -> lookup(false);
      case "T4" -> sessions();
      case "T5" -> intervalJoin();
      case "T6" -> changes();
      default -> throw new IllegalArgumentException("no such task");
    }
  }

  private KStream<byte[], JsonNode> input(String kind, String timeField) {
    Consumed<byte[], JsonNode> consumed = Consumed.with(Serdes.ByteArray(), NODE);
    if (timeField != null) {
      consumed = consumed.withTimestampExtractor(
          (record, partitionTime) -> ((JsonNode) record.value()).get(timeField).asLong());
    }
    return builder.stream(job.get("inputs").get(kind).asText(), consumed);
  }

  private void output(KStream<byte[], JsonNode> rows) {
    rows.to(job.get("output").asText(), Produced.with(Serdes.ByteArray(), NODE));
  }

  private void windowed() {
    Duration minute = Duration.ofMinutes(1);
    Duration grace = Duration.ofSeconds(5);
    output(input("rides", "pickup_at")
        .groupBy((k, r) -> r.get("pu_location_id").asInt(), Grouped.with(Serdes.Integer(), NODE))
        .windowedBy(TimeWindows.ofSizeAndGrace(minute, grace))
        .aggregate(
            () -> Sums.NONE,
            (zone, r, s) -> new Sums(s.count + 1, s.sum + r.get("fare_amount").asDouble(),
                s.other + r.get("trip_distance").asDouble(), 0),
            Materialized.<Integer, Sums, WindowStore<Bytes, byte[]>>with(Serdes.Integer(), SUMS))
        .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
        .toStream()
        .map((window, s) -> {
          ObjectNode row = JSON.createObjectNode();
          row.put("window_start", TEXT.format(Instant.ofEpochMilli(window.window().start())));
          row.put("pu_location_id", window.key());
          row.put("rides", s.count);
          row.put("fare", s.sum);
          row.put("distance", s.other / s.count);
          return KeyValue.<byte[], JsonNode>pair(null, row);
        }));
  }

  private void stateless() {
    output(input("rides", null)
        .filter((k, r) ->
            r.get("trip_distance").asDouble() > 10 && r.get("payment_type").asInt() == 1)
        .mapValues(r -> {
          ObjectNode row = JSON.createObjectNode();
          for (String name : List.of("ride_id", "pu_location_id", "do_location_id")) {
            row.set(name, r.get(name));
          }
          row.set("trip_distance", r.get("trip_distance"));
          row.put("paid", r.get("fare_amount").asDouble() + r.get("tip_amount").asDouble());
          return (JsonNode) row;
        }));
  }

  private void lookup(boolean few) {
    GlobalKTable<Long, String> places = builder.globalTable(
        job.get("places_topic").asText(),
        Consumed.with(Serdes.Long(), Serdes.String()),
        Materialized.<Long, String>as(Stores.inMemoryKeyValueStore("places")));
    output(input("rides", null).join(
        places,
        (k, r) -> place(r, few),
        (r, name) -> {
          ObjectNode row = JSON.createObjectNode();
          row.set("ride_id", r.get("ride_id"));
          row.put("place_id", place(r, few));
          row.put("name", name);
          row.set("total_amount", r.get("total_amount"));
          return (JsonNode) row;
        }));
  }

  private static long place(JsonNode ride, boolean few) {
    return few ? ride.get("pu_location_id").asLong() : ride.get("ride_id").asLong() * 7919 % 1000000;
  }

  private void sessions() {
    Duration gap = Duration.ofMinutes(10);
    output(input("visits", "visited_at")
        .groupBy((k, r) -> r.get("user_id").asLong(), Grouped.with(Serdes.Long(), NODE))
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(gap, Duration.ofSeconds(5)))
        .aggregate(
            () -> Sums.NONE,
            (user, r, s) ->
                new Sums(s.count + 1, s.sum + r.get("total_amount").asDouble(), 0, 0),
            (user, a, b) -> new Sums(a.count + b.count, a.sum + b.sum, 0, 0),
            Materialized.<Long, Sums, SessionStore<Bytes, byte[]>>with(Serdes.Long(), SUMS))
        .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
        .toStream()
        .map((window, s) -> {
          ObjectNode row = JSON.createObjectNode();
          row.put("user_id", window.key());
          row.put("session_start", TEXT.format(Instant.ofEpochMilli(window.window().start())));
          row.put("visits", s.count);
          row.put("spent", s.sum);
          return KeyValue.<byte[], JsonNode>pair(null, row);
        }));
  }

  private void intervalJoin() {
    KStream<Long, JsonNode> rides =
        input("rides", "pickup_at").selectKey((k, r) -> r.get("ride_id").asLong());
    KStream<Long, JsonNode> payments =
        input("payments", "paid_at").selectKey((k, p) -> p.get("ride_id").asLong());
    output(rides.join(
        payments,
        (r, p) -> {
          ObjectNode row = JSON.createObjectNode();
          row.set("payment_id", p.get("payment_id"));
          row.set("ride_id", r.get("ride_id"));
          row.set("do_location_id", r.get("do_location_id"));
          row.set("amount", p.get("amount"));
          return (JsonNode) row;
        },
        // A payment is of the ride's time or up to 20 seconds later.
        JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(20), Duration.ofMinutes(10))
            .before(Duration.ZERO),
        StreamJoined.with(Serdes.Long(), NODE, NODE))
        .map((k, row) -> KeyValue.<byte[], JsonNode>pair(null, row)));
  }

  private void changes() {
    output(input("changes", null)
        .flatMap((k, change) -> {
          List<KeyValue<Long, Sums>> images = new ArrayList<>(2);
          add(images, change.get("before"), -1);
          add(images, change.get("after"), 1);
          return images;
        })
        .groupByKey(Grouped.with(Serdes.Long(), SUMS))
        .aggregate(
            () -> Sums.NONE,
            (customer, s, sums) -> new Sums(sums.count + s.count, 0, 0, sums.whole + s.whole),
            Materialized.<Long, Sums, KeyValueStore<Bytes, byte[]>>with(Serdes.Long(), SUMS))
        .toStream()
        .map((customer, s) -> {
          ObjectNode row = JSON.createObjectNode();
          row.put("customer_id", customer);
          row.put("orders", s.count);
          row.put("amount", s.whole);
          byte[] key = Long.toString(customer).getBytes(StandardCharsets.UTF_8);
          return KeyValue.<byte[], JsonNode>pair(key, row);
        }));
  }

  private static void add(List<KeyValue<Long, Sums>> images, JsonNode image, int sign) {
    if (image != null && !image.isNull()) {
      Sums change = new Sums(sign, 0, 0, sign * image.get("amount").asLong());
      images.add(KeyValue.pair(image.get("customer_id").asLong(), change));
    }
  }

  private static Serializer<JsonNode> serializer() {
    return (topic, node) -> {
      try {
        return node == null ? null : JSON.writeValueAsBytes(node);
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    };
  }

  private static Deserializer<JsonNode> deserializer() {
    return (topic, bytes) -> {
      try {
        return bytes == null ? null : JSON.readTree(bytes);
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    };
  }
}
