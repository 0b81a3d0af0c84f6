"""Apache Cassandra in a folder: one node out of its jars, which Maven fetches once; or a ring of three on 127.0.0.1-3.

A node takes five seconds to start and 0.85 GB with its heap of 512 MB, however much the machine has.
"""

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tools.services import found
from tools.services.process import Service, StartError, free_port

POM = Path(__file__).with_name("cassandra-pom.xml")
OPTIONS_FRAME = b"\x04\x00\x00\x00\x05\x00\x00\x00\x00"  # protocol 4, OPTIONS, no body: any node answers SUPPORTED
SUPPORTED = 0x06
# "batch": a write is on the disk before it is acknowledged. "periodic", the default, owes the last moments before a crash
# to the other nodes; a node that is alone has none.
YAML = """\
cluster_name: parley
num_tokens: 16
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
listen_address: {address}
rpc_address: {address}
storage_port: {internode}
native_transport_port: {port}
commitlog_sync: batch
commitlog_segment_size: 16MiB
commitlog_total_space: 256MiB
memtable_heap_space: 128MiB
memtable_offheap_space: 128MiB
file_cache_size: 64MiB
data_file_directories: [{folder}/data]
commitlog_directory: {folder}/commitlog
saved_caches_directory: {folder}/saved_caches
hints_directory: {folder}/hints
cdc_raw_directory: {folder}/cdc
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "{seed}:{internode}"
"""
LOGBACK = """\
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"""


def _words(text: str) -> list[str]:
    return text.split()


# What the node reaches into on Java 17; its own jvm17-server.options lists the same modules.
EXPORTED = _words("""
    java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch java.base/java.lang.ref
    java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry java.rmi/sun.rmi.server
    java.sql/java.sql jdk.unsupported/sun.misc
""")
OPENED = _words("""
    java.base/java.lang.module java.base/jdk.internal.loader java.base/jdk.internal.ref java.base/jdk.internal.reflect
    java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.util.jar
    jdk.management/com.sun.management.internal java.base/sun.nio.ch java.base/java.io java.base/java.lang
    java.base/java.lang.reflect java.base/java.util java.base/java.util.concurrent
    java.base/java.util.concurrent.atomic java.base/java.nio
""")


class Cassandra(Service):
    """One node. `seed` is the address of a ring's first node, without which it is a ring of its own."""

    name = "Cassandra"
    start_s = 90.0

    def __init__(
        self, folder: Path, port: int = 0, address: str = "127.0.0.1", seed: str = "", internode: int = 0
    ) -> None:
        super().__init__(folder, port, address)
        self.seed = seed or address
        self.internode = internode or self._read().get("internode") or free_port(address)

    @property
    def host(self) -> str:
        """As CQL_HOSTS names it."""
        return f"{self.address}:{self.port}"

    def prepare(self) -> None:
        fetch_jars()
        (self.folder / "triggers").mkdir(exist_ok=True)
        (self.folder / "cassandra.yaml").write_text(
            YAML.format(
                folder=self.folder, address=self.address, port=self.port, internode=self.internode, seed=self.seed
            )
        )
        (self.folder / "logback.xml").write_text(LOGBACK)

    def environment(self) -> Mapping[str, str]:
        return {name: value for name, value in os.environ.items() if name not in {"JAVA_TOOL_OPTIONS", "CLASSPATH"}}

    def command(self) -> Sequence[str | Path]:
        heap = os.environ.get("CASSANDRA_HEAP", "512m")
        return [
            found.java(),
            *os.environ.get("CASSANDRA_JAVA_OPTIONS", "").split(),
            f"-Xms{heap}",
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            "-XX:MaxDirectMemorySize=192m",
            f"-Dcassandra.config=file://{self.folder}/cassandra.yaml",
            f"-Dcassandra.storagedir={self.folder}",
            f"-Dcassandra.triggers_dir={self.folder}/triggers",
            f"-Dlogback.configurationFile={self.folder}/logback.xml",
            "-Dcassandra-foreground=yes",
            "-Dcassandra.skip_wait_for_gossip_to_settle=0",
            "-Dcassandra.ring_delay_ms=2000",
            "-Djdk.attach.allowAttachSelf=true",
            "-Dio.netty.tryReflectionSetAccessible=true",
            *(word for package in EXPORTED for word in ("--add-exports", f"{package}=ALL-UNNAMED")),
            *(word for package in OPENED for word in ("--add-opens", f"{package}=ALL-UNNAMED")),
            "-cp",
            f"{self.folder}:{found.jars_folder()}/*",
            "org.apache.cassandra.service.CassandraDaemon",
        ]

    def _write(self, **state: int | str) -> None:
        super()._write(**state, internode=self.internode)

    def answers(self) -> bool:
        try:
            with socket.create_connection((self.address, self.port), timeout=2) as line:
                line.sendall(OPTIONS_FRAME)
                answer = line.recv(64)
        except OSError:
            return False
        return len(answer) > 4 and answer[4] == SUPPORTED


class Ring:
    """Three nodes, each holding what the replication says; 2.7 GB and half a minute to start."""

    def __init__(self, folder: Path) -> None:
        first = Cassandra(folder / "node-1")
        others = [
            Cassandra(folder / f"node-{n}", first.port, f"127.0.0.{n}", first.address, first.internode) for n in (2, 3)
        ]
        self.nodes = [first, *others]

    @property
    def hosts(self) -> str:
        return ",".join(node.host for node in self.nodes)

    def start(self) -> Self:
        """One after the other: a node joins only while no other does."""
        for node in self.nodes:
            node.start()
        return self

    def stop(self) -> None:
        for node in reversed(self.nodes):
            node.stop()

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()


def fetch_jars() -> Path:
    """Fetch Cassandra's jars from Maven Central (70 MB), once for all that run from this checkout."""
    folder = found.jars_folder()
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "cassandra.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / ".complete").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run(
            [found.maven(), "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={folder}"],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise StartError(f"Maven could not fetch Cassandra; is the network there?\n{done.stdout[-2000:]}")
        (folder / ".complete").touch()
    return folder
