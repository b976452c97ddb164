"""Write the files of ``torch.save``: the zip format, and the legacy stream."""

import struct

from minitorch.serialization._zip import ZipWriter
from minitorch.serialization.pickle_writer import PickleWriter

_MAGIC = 0x1950A86A20F9469CFC6C


def write_zip(file, value, root="archive", recorder=None):
    """Write a value in the zip format.

    Parameters
    ----------
    file : binary file object
        Written to from its position.
    value : object
        Containers, numbers, text and tensors.
    root : str
        Name of the folder inside the archive.
    recorder : callable, optional
        See ``PickleWriter``.
    """
    pickler = PickleWriter(recorder)
    stream = pickler.dumps(value)
    archive = ZipWriter(file)
    archive.add(f"{root}/data.pkl", stream)
    archive.add(f"{root}/.format_version", b"1")
    archive.add(f"{root}/.storage_alignment", b"64")
    archive.add(f"{root}/byteorder", b"little")
    for key, storage in pickler.storages.items():
        archive.add(f"{root}/data/{key}", storage.data)
    archive.add(f"{root}/version", b"3\n")
    archive.close()


def write_legacy(file, value, recorder=None):
    """Write a value as the legacy stream; the arguments are those of :func:`write_zip`."""
    pickler = PickleWriter(recorder, legacy=True)
    stream = pickler.dumps(value)
    sizes = {"short": 2, "int": 4, "long": 4}
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}
    keys = sorted(pickler.storages)
    for head in (_MAGIC, 1001, info):
        file.write(PickleWriter().dumps(head))
    file.write(stream)
    file.write(PickleWriter().dumps(keys))
    for key in keys:
        storage = pickler.storages[key]
        file.write(struct.pack("<q", storage.nbytes // pickler.itemsizes[key]))
        file.write(storage.data)
