"""Write a GGUF file anew with a trained LoRA adapter added into its weights: what llama.cpp then reads.

Changed tensors are kept in 8 bits (Q8_0), all others byte for byte as they were.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forwhom.errors import InputError
from forwhom.systems.models.lora_merge import lora_delta

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float32]

_MODULES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}  # fmt: skip
_TENSOR = re.compile(r"blk\.(\d+)\.(\w+)\.weight")
_HEADS = {"attn_q": "llama.attention.head_count", "attn_k": "llama.attention.head_count_kv"}


def merge_into_gguf(gguf: Path, adapter: Path, target: Path) -> None:
    """Write `target`: the weights of `gguf` (architecture llama) plus the adapter's delta.

    Raises InputError where the adapter changes a weight that the file does not hold.
    """
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
    from gguf.quants import dequantize, quantize

    deltas = dict(lora_delta(adapter))
    reader = GGUFReader(gguf)
    writer = GGUFWriter(target, _field(reader, "general.architecture"))
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            kind = field.types[0]
            inner = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), kind, sub_type=inner)
    for tensor in reader.tensors:
        delta = deltas.pop(_named(tensor.name), None)
        if delta is None:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        else:
            weight = dequantize(tensor.data, tensor.tensor_type)
            weight = weight + _as_llama_has_it(reader, tensor.name, delta.numpy())
            packed = quantize(weight, GGMLQuantizationType.Q8_0)
            writer.add_tensor(tensor.name, packed, raw_dtype=GGMLQuantizationType.Q8_0)
    if deltas:
        raise InputError(f"{adapter}: changes {sorted(deltas)[0]}, which {gguf} does not hold.")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _field(reader: Any, name: str) -> Any:
    return reader.fields[name].contents()


def _named(tensor: str) -> str:
    """The name of a GGUF tensor in the transformers model; "" for one that is no linear layer."""
    found = _TENSOR.fullmatch(tensor)
    if not found or found[2] not in _MODULES:
        return ""
    return f"model.layers.{found[1]}.{_MODULES[found[2]]}.weight"


def _as_llama_has_it(reader: Any, tensor: str, delta: Matrix) -> Matrix:
    """llama.cpp rotates neighbouring rows of a head together, transformers its two halves."""
    module = tensor.split(".")[2]
    if module not in _HEADS:
        return delta
    heads = _field(reader, _HEADS[module])
    halves = delta.reshape(heads, 2, delta.shape[0] // heads // 2, delta.shape[1])
    return halves.swapaxes(1, 2).reshape(delta.shape)
