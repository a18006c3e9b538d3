"""A Kafka broker with every way to log in, an authority that signs, and a server of tokens."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import json
import secrets
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tidemill.services.install import class_path, install
from tidemill.services.jvm import LOGGING, jvm_command, write_properties
from tidemill.services.spawn import spawn
from tidemill.services.state import write_private

USER = "orders-pipeline"
AUDIENCE = "kafka"
ISSUER = "tidemill-tests"


class Authority:
    """Signs certificates; PEM texts throughout."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self._name, self._key, authority=True)

    def issue(self, name: str, *hosts: str) -> tuple[str, str]:
        """A certificate and its key (PKCS#8)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._signed(subject, key, hosts), text.decode()

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        hosts: tuple[str, ...] = (),
        *,
        authority: bool = False,
    ) -> str:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if hosts:
            names = [_host(host) for host in hosts]
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if not authority:
            uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        signed = made.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Tokens:
    """An OAuth server: client credentials for a signed token, and the key that proves it."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self.client_secret = secrets.token_urlsafe(16)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, outer.keys())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                given = self.headers.get("Authorization", "").removeprefix("Basic ")
                asked = urllib.parse.unquote(base64.b64decode(given).decode())
                if asked == f"{USER}:{outer.client_secret}":
                    token = {"access_token": outer.token(), "token_type": "Bearer"}
                    self._answer(200, {**token, "expires_in": 300})
                else:
                    self._answer(401, {"error": "invalid_client"})

            def _answer(self, status: int, body: object) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keys(self) -> object:
        """The public key, as a set."""
        numbers = self._key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {
            "keys": [
                {
                    "kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256",
                    "n": _b64(numbers.n.to_bytes(size)), "e": _b64(numbers.e.to_bytes(3)),
                }
            ]
        }  # fmt: skip

    def token(self) -> str:
        """A signed token of five minutes."""
        now = int(time.time())
        head = {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        body = {
            "sub": USER, "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300,
            "scope": "events",
        }  # fmt: skip
        text = f"{_b64(json.dumps(head).encode())}.{_b64(json.dumps(body).encode())}"
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_b64(signature)}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class SecureKafka:
    """The broker: its listeners by name, and what is needed to log in."""

    authority: Authority
    tokens: Tokens
    ports: Mapping[str, int]
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def address(self, listener: str) -> str:
        """Host and port of a listener."""
        return f"127.0.0.1:{self.ports[listener]}"

    def properties(self, way: str) -> dict[str, str]:
        """What a table's `properties.*` say to log in by PLAIN, SCRAM-..., OAUTHBEARER or mTLS."""
        if way == "mTLS":
            certificate, key = self.authority.issue(USER)
            return {
                "bootstrap.servers": self.address("MUTUAL"),
                "security.protocol": "SSL",
                "ssl.ca.pem": self.authority.certificate,
                "ssl.certificate.pem": certificate,
                "ssl.key.pem": key,
            }
        login = {"sasl.username": USER, "sasl.password": self.password}
        if way == "OAUTHBEARER":
            login = {
                "sasl.oauthbearer.client.id": USER,
                "sasl.oauthbearer.client.secret": self.tokens.client_secret,
                "sasl.oauthbearer.token.endpoint.url": f"{self.tokens.url}/token",
                "sasl.oauthbearer.scope": "events",
            }
        return {
            "bootstrap.servers": self.address("LOGIN"),
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": way,
            "ssl.ca.pem": self.authority.certificate,
            **login,
        }


def _free_ports(names: tuple[str, ...]) -> dict[str, int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: s.getsockname()[1] for name, s in zip(names, sockets, strict=True)}
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def authority() -> Authority:
    """One that nobody knows yet."""
    return Authority("tests")


@pytest.fixture(scope="module")
def secure_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A real broker; the listener INSIDE is open and for the tests' own hands."""
    install(["kafka"])
    folder = tmp_path_factory.mktemp("secure-kafka")
    names = ("INSIDE", "CONTROLLER", "LOGIN", "MUTUAL", "MISNAMED")
    made = SecureKafka(Authority("tests"), Tokens(), _free_ports(names))
    write_private(folder / "server.properties", write_properties(_configuration(made, folder)))
    write_private(folder / "log4j2.properties", LOGGING)
    system = {
        "log4j2.configurationFile": str(folder / "log4j2.properties"),
        "org.apache.kafka.sasl.oauthbearer.allowed.urls": f"{made.tokens.url}/jwks",
    }

    def java(main: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = jvm_command(
            folder, 384, class_path("kafka"), main, arguments, system,
            ("-XX:TieredStopAtLevel=1",),
        )  # fmt: skip
        with (folder / "log").open("ab") as log:
            return spawn("kafka", command, log)

    configuration = str(folder / "server.properties")
    _format(folder / "data")
    broker = java("kafka.Kafka", configuration)
    try:
        _add_users(made)
        yield made
    finally:
        broker.send_signal(signal.SIGKILL)
        broker.wait()
        made.tokens.close()


def _format(data: Path) -> None:
    """As Kafka's own tool does, which would take as long as the broker to start."""
    data.mkdir()
    marks = {"version": 1, "node.id": 1}
    ids = {name: _b64(secrets.token_bytes(16)) for name in ("cluster.id", "directory.id")}
    lines = [f"{key}={value}\n" for key, value in {**marks, **ids}.items()]
    (data / "meta.properties").write_text("".join(lines))


def _add_users(made: SecureKafka) -> None:
    admin = AdminClient({"bootstrap.servers": made.address("INSIDE"), "log_level": 0})
    limit = time.monotonic() + 180
    while True:
        try:
            if admin.list_topics(timeout=1).brokers:
                break
        except KafkaException:
            assert time.monotonic() < limit, "the broker did not start"
    for kind in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        wanted = ScramCredentialInfo(kind, 4096)
        one = UserScramCredentialUpsertion(USER, wanted, made.password.encode())
        for future in admin.alter_user_scram_credentials([one]).values():
            future.result(15)


def _configuration(made: SecureKafka, folder: Path) -> dict[str, str]:
    listeners = {name: f"{name}://127.0.0.1:{port}" for name, port in made.ports.items()}
    kinds = {
        "INSIDE": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", "LOGIN": "SASL_SSL", "MUTUAL": "SSL",
        "MISNAMED": "SSL",
    }  # fmt: skip
    values = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{made.ports['CONTROLLER']}",
        "listeners": ",".join(listeners.values()),
        "advertised.listeners": ",".join(v for k, v in listeners.items() if k != "CONTROLLER"),
        "inter.broker.listener.name": "INSIDE",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": ",".join(f"{k}:{v}" for k, v in kinds.items()),
        "log.dirs": str(folder / "data"),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        # Whoever has not logged in may do nothing; of those who have, USER may do all.
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{USER};User:CN={USER}",
        "sasl.enabled.mechanisms": "",
        "sasl.oauthbearer.jwks.endpoint.url": f"{made.tokens.url}/jwks",
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "sasl.oauthbearer.expected.issuer": ISSUER,
    }
    for listener, host in (("LOGIN", "127.0.0.1"), ("MUTUAL", "127.0.0.1"), ("MISNAMED", "else")):
        certificate, key = made.authority.issue("broker", host)
        at = f"listener.name.{listener.lower()}."
        values |= {
            f"{at}ssl.keystore.type": "PEM",
            f"{at}ssl.keystore.certificate.chain": _line(certificate),
            f"{at}ssl.keystore.key": _line(key),
            f"{at}ssl.truststore.type": "PEM",
            f"{at}ssl.truststore.certificates": _line(made.authority.certificate),
        }
    values["listener.name.mutual.ssl.client.auth"] = "required"
    kafka = "org.apache.kafka.common.security"
    at = "listener.name.login."
    return values | {
        f"{at}sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        f"{at}plain.sasl.jaas.config": f"{kafka}.plain.PlainLoginModule required "
        f'user_{USER}="{made.password}";',
        f"{at}scram-sha-256.sasl.jaas.config": f"{kafka}.scram.ScramLoginModule required;",
        f"{at}scram-sha-512.sasl.jaas.config": f"{kafka}.scram.ScramLoginModule required;",
        f"{at}oauthbearer.sasl.jaas.config": (
            f"{kafka}.oauthbearer.OAuthBearerLoginModule required;"
        ),
        f"{at}oauthbearer.sasl.server.callback.handler.class": (
            f"{kafka}.oauthbearer.OAuthBearerValidatorCallbackHandler"
        ),
    }


def _line(pem: str) -> str:
    """Kafka takes PEM in one line where its parts are separated by spaces."""
    return " ".join(pem.split("\n")).strip()
