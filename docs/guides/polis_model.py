#!/usr/bin/env python3
"""A model of the chain in PyTorch: polis_model.py MODEL.safetensors DATASET.plds

Reads what `polis model pull` and `polis data split` write, evaluates in 64-bit integers as every
validator does, and prints right answers and cross entropy: the same numbers as on chain.
"""

import json
import sys
from pathlib import Path

import torch

TYPES = {"I8": torch.int8, "U8": torch.uint8, "I32": torch.int32}


def load_model(path):
    """(architecture, notes, tensors) of a safetensors file."""
    data = bytearray(Path(path).read_bytes())
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    notes = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        part = data[8 + size + begin:8 + size + end]
        values = torch.frombuffer(part, dtype=TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).long()
    return json.loads(notes["architecture"]), notes, tensors


def load_dataset(path):
    """(samples [n, C, H, W], labels [n]) of a dataset file."""
    data = bytearray(Path(path).read_bytes())
    assert data[:8] == b"POLISDAT", "this is no dataset file"
    c, h, w, classes, n = (int.from_bytes(data[i:i + 4], "little") for i in range(9, 29, 4))
    at = 29 + n * c * h * w
    samples = torch.frombuffer(data[29:at], dtype=torch.uint8).reshape(n, c, h, w).long()
    wide = classes > 256  # labels of two bytes
    labels = torch.frombuffer(data[at:], dtype=torch.int16 if wide else torch.uint8).long()
    return samples, labels


def scaled(sums, multiplier, shift):
    shape = (1, -1) + (1,) * (sums.dim() - 2)
    shift = shift.reshape(shape)
    return (sums * multiplier.reshape(shape) + (1 << (shift - 1))) >> shift


def logits(architecture, tensors, samples):
    """Logits [n, classes], Q15.16, of samples [n, C, H, W]: integers all the way."""
    n = len(samples)
    if "input_map.sources" in tensors:
        samples = (samples.reshape(n, -1)[:, tensors["input_map.sources"]]
                   ^ tensors["input_map.inversions"]).reshape(samples.shape)
    results = [samples]
    for i, layer in enumerate(architecture["layers"]):
        x, part = results[layer["source"]], lambda name, i=i: tensors[f"layer.{i}.{name}"]
        if layer["kind"] == "dense":
            sums = x.reshape(n, -1) @ part("weight").T + part("bias")
            x = scaled(sums, part("multiplier"), part("shift"))
        elif layer["kind"] == "conv2d":
            # Sums stay below 2^31, which doubles hold exactly.
            x = torch.nn.functional.conv2d(
                x.double(), part("weight").double(), part("bias").double(),
                stride=layer["stride"], padding=layer["pad"]).long()
            x = scaled(x, part("multiplier"), part("shift"))
        elif layer["kind"] == "max_pool_2x2":
            x = torch.nn.functional.max_pool2d(x.double(), 2).long()
        else:
            x = (x * layer["multiplier"] + results[layer["other"]] * layer["other_multiplier"]
                 + (1 << (layer["shift"] - 1))) >> layer["shift"]
        results.append(x.clamp(0, layer["max"]) if layer.get("max") else x)
    return results[-1].reshape(n, -1)


def cross_entropy(z, labels):
    """Sum over samples, nats in Q16: docs/spec/models.md [M11]."""
    table = torch.tensor([int(round(2**30 * 2**(-i / 256))) for i in range(257)])
    most = z.max(1, keepdim=True).values
    t = ((most - z) * 94548) >> 16
    i, r, down = (t >> 8) & 255, t & 255, t >> 16
    e = ((table[i] * (256 - r) + table[i + 1] * r) >> 8) >> down.clamp(max=31)
    total = torch.where(down > 30, 0, e).sum(1)
    result = 0
    for s, loss in zip(total.tolist(), (most[:, 0] - z.gather(1, labels[:, None])[:, 0]).tolist()):
        whole = s.bit_length() - 1
        mantissa = s << (30 - whole) if whole <= 30 else s >> (whole - 30)
        log2 = (whole - 30) << 16
        for bit in range(15, -1, -1):
            mantissa = mantissa * mantissa >> 30
            if mantissa >= 1 << 31:
                mantissa >>= 1
                log2 |= 1 << bit
        result += ((log2 * 45426) >> 16) + loss
    return result


def main(model, dataset):
    architecture, notes, tensors = load_model(model)
    samples, labels = load_dataset(dataset)
    z = torch.cat([logits(architecture, tensors, part) for part in samples.split(256)])
    answer = {
        "correct": int((z.argmax(1) == labels).sum()), "count": len(labels),
        "crossEntropy": str(cross_entropy(z, labels))}
    print(json.dumps(answer))
    if "polis.score" in notes:
        print("on chain: right, of, cross entropy:", notes["polis.score"], file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
