"""Data parallelism: the same pure update, its batch split over a mesh.

`jax.jit` partitions the computation from its inputs' shardings, so the library
needs no axis names. `jax.shard_map` is not used: by default it sums the inner
gradient of replicated parameters over the devices, silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax.sharding import AxisType
from jax.sharding import Mesh
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec
import numpy as np

from noether_jax.types import PyTree

AXIS = "data"


def make_mesh(devices: Sequence[Any] | None = None) -> Mesh:
  """Return a mesh with one axis, over all devices by default.

  Args:
    devices: the devices to use; None for `jax.devices()`.

  Returns:
    A mesh whose axis is of type Auto (an Explicit one breaks vmap over keys).

  Example:
    >>> make_mesh(jax.devices()[:1]).size
    1
  """
  chosen = np.asarray(jax.devices() if devices is None else devices)
  return Mesh(chosen, (AXIS,), axis_types=(AxisType.Auto,))


def replicate(tree: PyTree, mesh: Mesh) -> PyTree:
  """Copy every leaf to every device of the mesh.

  Args:
    tree: arrays, for instance a `TrainState`.
    mesh: from `make_mesh`.

  Returns:
    The tree with replicated leaves.

  Example:
    >>> replicate({"w": np.ones(2)}, make_mesh())["w"].is_fully_replicated
    True
  """
  return jax.device_put(tree, NamedSharding(mesh, PartitionSpec()))


def shard_batch(batch: PyTree, mesh: Mesh) -> PyTree:
  """Split the leading axis of every leaf over the mesh.

  Args:
    batch: leaves `[B, ...]`; B must divide by the number of devices.
    mesh: from `make_mesh`.

  Returns:
    The batch, sharded. With several processes, each passes its own part.

  Raises:
    ValueError: if the batch does not divide by the number of devices.

  Example:
    >>> mesh = make_mesh()
    >>> batch = shard_batch(np.ones((2 * mesh.size, 3)), mesh)
    >>> batch.addressable_shards[0].data.shape
    (2, 3)
  """
  local = sum(d.process_index == jax.process_index() for d in mesh.devices.flat)
  sharding = NamedSharding(mesh, PartitionSpec(AXIS))
  for leaf in jax.tree.leaves(batch):
    if leaf.shape[0] % local:
      raise ValueError(
          f"a batch must divide by the number of devices: got {leaf.shape[0]} "
          f"examples for {local} devices. Use a batch of "
          f"{local * max(1, leaf.shape[0] // local)} or fewer devices.")
  if jax.process_count() == 1:
    return jax.device_put(batch, sharding)
  return jax.tree.map(
      lambda leaf: jax.make_array_from_process_local_data(sharding, leaf),
      batch)


def start_processes(coordinator: str | None,
                    num_processes: int | None = None,
                    process_id: int | None = None,
                    *,
                    heartbeat_timeout_seconds: int = 10) -> None:
  """Join the processes of a multi-host run; call before any computation.

  Args:
    coordinator: "host:port" of process 0; None on a TPU pod or a cluster that
      JAX detects.
    num_processes: how many processes, where not detected.
    process_id: this one's number, where not detected.
    heartbeat_timeout_seconds: how long a dead peer goes unnoticed, s. JAX's
      own default leaves survivors hanging for over a minute.

  Example:
    >>> start_processes("10.0.0.1:1234", 2, 0)  # doctest: +SKIP
  """
  jax.distributed.initialize(
      coordinator,
      num_processes,
      process_id,
      heartbeat_timeout_seconds=heartbeat_timeout_seconds)
