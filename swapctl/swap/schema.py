"""The JSON Schema of a layout. Pure data: docs/layout.schema.json is made of it, and errors are found by it."""

from __future__ import annotations

from .area import DISCARDS, LARGEST_PRIORITY, PERSISTS, STATES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SIZE: dict[str, Any] = {"type": ["string", "integer"], "examples": ["512M", "4G", "50%", "auto"]}
_PATH = {
    "description": "absolute path of a swap file or block device, or UUID=, LABEL= or PARTUUID= and a value",
    "type": "string",
    "examples": ["/swapfile", "UUID=01234567-89ab-cdef-0123-456789abcdef"],
}

AREA: dict[str, Any] = {
    "description": "one swap area: on a file or block device (path), or in compressed memory (zram)",
    "type": "object",
    "additionalProperties": False,
    "oneOf": [{"required": ["path"]}, {"required": ["zram"]}],
    "dependentRequired": {
        "algorithm": ["zram"],
        "memory_limit": ["zram"],
        "set_type": ["path"],
        "subvolume": ["path"],
        "encryption": ["path"],
        "name": ["encryption"],
    },
    "properties": {
        "path": _PATH,
        "zram": {
            "description": "name of the zram device, zram0 and so on",
            "type": "string",
            "pattern": "^zram[0-9]{1,3}$",
            "examples": ["zram0"],
        },
        "state": {
            "description": "present, or absent: off, no longer listed, and the file deleted",
            "enum": list(STATES),
            "type": "string",
            "default": "present",
        },
        "size": {
            "description": "bytes, K M G T (powers of 1024), KB MB GB TB (of 1000), a percentage of RAM, or auto",
            **_SIZE,
        },
        "active": {"description": "whether the kernel swaps to it now", "type": "boolean", "default": True},
        "persist": {
            "description": "what has it come back at boot; for zram: systemd, none or keep",
            "enum": list(PERSISTS),
            "type": "string",
        },
        "priority": {
            "description": "a higher one is used first; left out: the kernel chooses",
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_PRIORITY,
            "examples": [10],
        },
        "discard": {
            "description": "tell the disk what is free",
            "enum": list(DISCARDS),
            "type": "string",
            "default": "none",
        },
        "nofail": {"description": "boot without complaint when it is missing", "type": "boolean", "default": False},
        "label": {"description": "at most 15 bytes", "type": "string", "examples": ["swap0"]},
        "uuid": {
            "description": "UUID in its header",
            "type": "string",
            "examples": ["01234567-89ab-cdef-0123-456789abcdef"],
        },
        "options": {
            "description": "further options for fstab",
            "type": "array",
            "items": {"type": "string"},
            "examples": [["x-systemd.device-timeout=5s"]],
        },
        "force": {"description": "overwrite what a block device holds", "type": "boolean", "default": False},
        "subvolume": {
            "description": "have the directory of the file be a btrfs subvolume, made if it is not there",
            "type": "boolean",
            "default": False,
        },
        "set_type": {
            "description": "set the type of the partition to Linux swap",
            "type": "boolean",
            "default": False,
        },
        "encryption": {
            "description": "random: encrypted with a new key at each boot, through crypttab",
            "enum": ["none", "random"],
            "type": "string",
            "default": "none",
        },
        "name": {
            "description": "of the encrypted device, /dev/mapper/NAME",
            "type": "string",
            "examples": ["cryptswap"],
        },
        "algorithm": {
            "description": "how zram compresses, as the kernel offers it",
            "type": "string",
            "examples": ["zstd", "lz4", "lzo-rle"],
        },
        "memory_limit": {
            "description": "how much memory zram may take",
            "type": ["string", "integer"],
            "examples": ["1G"],
        },
    },
}


def _number(description: str, low: int, high: int | None = None) -> dict[str, Any]:
    limit = {} if high is None else {"maximum": high}
    return {"description": description, "type": "integer", "minimum": low, **limit}


_LARGEST = 2**31 - 1  # the kernel keeps it in an int

TUNING: dict[str, Any] = {
    "description": "values of the kernel's, vm.*, now and after a boot; what is left out is not set",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "swappiness": _number("how readily memory of programs is swapped rather than the cache dropped", 0, 200),
        "vfs_cache_pressure": _number("how readily names and inodes are dropped from memory", 0, _LARGEST),
        "page_cluster": _number("power of two of how many pages are read from swap at once", 0, 31),
        "watermark_scale_factor": _number("how early memory is freed in the background, in 0.01%", 1, 3000),
        "overcommit_memory": _number("whether more memory is promised than there is: 0 guess, 1 always, 2 never", 0, 2),
        "overcommit_ratio": _number("with 2: how much of RAM is promised besides swap, in percent", 0, _LARGEST),
        "min_free_kbytes": _number("memory that is kept free, in KiB", 1, _LARGEST),
    },
}

ZSWAP: dict[str, Any] = {
    "description": "the kernel's compressed cache in front of swap",
    "type": "object",
    "additionalProperties": False,
    "required": ["enabled"],
    "properties": {
        "enabled": {"description": "whether it is used", "type": "boolean"},
        "compressor": {
            "description": "as the kernel offers it",
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9_-]*$",
            "examples": ["lzo", "zstd"],
        },
        "max_pool_percent": _number("how much of RAM it may take, in percent", 1, 100),
        "persist": {
            "description": "what sets it at boot",
            "enum": ["tmpfiles", "none"],
            "type": "string",
            "default": "tmpfiles",
        },
    },
}

LAYOUT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A layout of swapctl's",
    "description": "all the swap that a host has",
    "type": "object",
    "additionalProperties": False,
    "required": ["swap"],
    "properties": {
        "swap": {
            "description": "what there should be",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "exclusive": {
                    "description": "turn off every area that is not listed, and have it not come back",
                    "type": "boolean",
                    "default": False,
                },
                "delete": {
                    "description": "with exclusive: delete the swap files of such areas, too",
                    "type": "boolean",
                    "default": False,
                },
                "areas": {"description": "the areas", "type": "array", "items": AREA, "default": []},
                "zswap": ZSWAP,
                "tuning": TUNING,
            },
        },
    },
}
