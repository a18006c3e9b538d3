"""The Avro converter for Kafka Connect as a plugin: what its `plugin.path` names.

The converter's jars lie in the cache, one by one; a plugin is a folder of its own. The jar of
Apicurio's converters does not tell which classes it offers, so a small jar beside it does, as
Kafka's tool `connect-plugin-path sync-manifests` would write it.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from tidemill.services.install import class_path

AVRO_PLUGIN = "connect-avro"
AVRO_CONVERTER = "io.apicurio.registry.utils.converter.AvroConverter"
_OFFERS = "META-INF/services/org.apache.kafka.connect.storage.Converter"


def avro_plugin(folder: Path) -> Path:
    """Make the plugin's folder below `folder`, and give what `plugin.path` names."""
    root = folder / "plugins"
    shutil.rmtree(root, ignore_errors=True)
    plugin = root / AVRO_PLUGIN
    plugin.mkdir(parents=True)
    for jar in class_path(AVRO_PLUGIN):
        (plugin / jar.name).symlink_to(jar)
    with zipfile.ZipFile(plugin / "offers.jar", "w") as offers:
        offers.writestr(_OFFERS, AVRO_CONVERTER + "\n")
    return root
