# SPDX-License-Identifier: Apache-2.0
"""One dm-master and one dm-worker on loopback ports, for measuring: found on the machine, never downloaded."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from servers import Missing, wait_for
from servers.lib.server import HOST, free_port

TASK = "bench"
ENDS = ("Finished", "Paused", "Stopped")


def cpu_seconds(pid):
    """User and system time of a process, of all its threads; of a zombie too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def programs():
    """(dm-master, dm-worker, dmctl), or Missing with the names of those that are not on PATH."""
    found = [shutil.which("dm-master"), shutil.which("dm-worker"), shutil.which("dmctl") or shutil.which("dm-ctl")]
    if None in found:
        raise Missing("DM: not on PATH: " + ", ".join(
            name for name, path in zip(("dm-master", "dm-worker", "dmctl or dm-ctl"), found) if not path))
    return found


class Dm:
    """Both daemons in a folder of their own; discard() ends them."""

    def __init__(self, key=None):
        """key: the file that passwords are encrypted with."""
        self.master, self.worker, self.ctl = programs()
        self.dir = Path(tempfile.mkdtemp(prefix="tg-dm-"))
        self.address = f"{HOST}:{free_port()}"
        self.processes = []
        peer, worker = f"http://{HOST}:{free_port()}", f"{HOST}:{free_port()}"
        try:
            self.begin(self.master, "--name=master-1", f"--master-addr={self.address}", f"--advertise-addr={self.address}",
                       f"--peer-urls={peer}", f"--advertise-peer-urls={peer}", f"--initial-cluster=master-1={peer}",
                       f"--data-dir={self.dir}/master", f"--log-file={self.dir}/master.log",
                       *([f"--secret-key-path={key}"] if key else []))
            wait_for(lambda: self.control("list-member", must=False), 60, "dm-master to answer")
            self.worker_pid = self.begin(self.worker, "--name=worker-1", f"--worker-addr={worker}", f"--advertise-addr={worker}",
                                         f"--join={self.address}", f"--log-file={self.dir}/worker.log").pid
            wait_for(lambda: '"worker-1"' in (self.control("list-member", "--worker", must=False) or ""), 60, "dm-worker to join")
        except BaseException:
            self.discard()
            raise

    def begin(self, program, *options):
        with open(self.dir / f"{Path(program).name}.out", "wb") as out:
            process = subprocess.Popen([program, *options], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.processes.append(process)
        return process

    def control(self, *words, must=True):
        """What dmctl answers, as text; None for a refusal unless it must not be one."""
        done = subprocess.run([self.ctl, f"--master-addr={self.address}", *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        fine = done.returncode == 0 and '"result": true' in done.stdout
        if must and not fine:
            raise AssertionError(f"dmctl {' '.join(words)}: {done.stdout[-3000:]}\n{self.last_words()}")
        return done.stdout if fine else None

    def last_words(self):
        logs = [self.dir / "worker.log", self.dir / "master.log"]
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs if log.exists())

    def file(self, name, value):
        path = self.dir / name
        path.write_text(json.dumps(value))  # JSON is YAML
        return str(path)

    def status(self):
        """(stage, unit, its result) of the only subtask, asked of the master without a process of ours."""
        with urllib.request.urlopen(f"http://{self.address}/apis/v1alpha1/status/{TASK}", timeout=30) as answer:
            text = answer.read().decode()
        source = (json.loads(text).get("sources") or [{}])[0]
        subtask = (source.get("subTaskStatus") or [{}])[0]
        return subtask.get("stage"), subtask.get("unit"), subtask.get("result")

    def copy(self, source, target, schema):
        """A full task with DM's own defaults; (seconds until it has finished, CPU seconds of the worker)."""
        self.control("operate-source", "create", self.file("source.yaml", {
            "source-id": "source-1", "enable-gtid": False, "enable-relay": False,
            "from": {"host": HOST, "port": source.port, "user": "root", "password": ""}}))
        task = self.file("task.yaml", {
            "name": TASK, "task-mode": "full", "ignore-checking-items": ["all"],
            "target-database": {"host": HOST, "port": target.port, "user": "root", "password": ""},
            "block-allow-list": {"all": {"do-dbs": [schema]}},
            "mysql-instances": [{"source-id": "source-1", "block-allow-list": "all"}]})
        used, began = cpu_seconds(self.worker_pid), time.monotonic()
        self.control("start-task", task)
        stage = wait_for(self.ended, 3600, "DM's task to end", pause=0.2)
        seconds, used = time.monotonic() - began, cpu_seconds(self.worker_pid) - used
        if stage != "Finished":
            raise AssertionError(f"DM's task is {stage}: {self.status()}\n{self.last_words()}")
        return seconds, used

    def ended(self):
        stage, _, _ = self.status()
        return stage if stage in ENDS else None

    def discard(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
