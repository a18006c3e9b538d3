/* What the programs of this folder need of librdkafka. It is loaded by its path, so that neither its
 * headers nor its name at link time are needed; the declarations are those of its public, stable
 * interface.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void *find(const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) {
    fprintf(stderr, "librdkafka has no %s\n", name);
    exit(2);
  }
  return found;
}

/* A client and a topic of it; NULL, with the reason in `error`, where there is none. */
static void *open_topic(int kind, const char *settings[][2], size_t count, const char *name,
                        void **client, char *error, size_t size) {
  void *(*conf_new)(void) = find("rd_kafka_conf_new");
  int (*conf_set)(void *, const char *, const char *, char *, size_t) = find("rd_kafka_conf_set");
  void *(*new_client)(int, void *, char *, size_t) = find("rd_kafka_new");
  void *(*topic_new)(void *, const char *, void *) = find("rd_kafka_topic_new");
  void *conf = conf_new();
  for (size_t i = 0; i < count; i++)
    if (conf_set(conf, settings[i][0], settings[i][1], error, size) != 0) return NULL;
  *client = new_client(kind, conf, error, size);
  return *client != NULL ? topic_new(*client, name, NULL) : NULL;
}
