"""Classes of any number of images, one after the other, with a bounded part of them in memory."""

import itertools

__all__ = ["predict_images"]


class _AsAsked:
    """A list of samples where the index is the sample: the loader's order carries them."""

    def __getitem__(self, sample):
        return sample


def predict_images(model, info, sources, *, batch_size=32, workers=2, problems=None):
    """Yield ``(source, probabilities)`` of each readable image, in order.

    Parameters
    ----------
    model : minitorch.nn.Module
    info : ModelInfo
        Says how an image is prepared.
    sources : iterable of str or PIL.Image.Image
        Paths or images; drawn from as the work goes on, so it may be endless.
    batch_size : int
        Images that the model sees at once.
    workers : int
        Threads that read ahead; each holds two batches at most.
    problems : ReadProblems, optional
        With it an unreadable file is noted and left out; without it `ImageError` is raised.

    Yields
    ------
    (str or PIL.Image.Image, numpy.ndarray of shape (C,))
    """
    from minitorch.training.data import ImageList, collate_readable
    from minitorch.training.loop import predict
    from minitorch.utils.data import DataLoader
    images = ImageList(_AsAsked(), info.preprocessing.transform(), info.preprocessing.exif,
                       problems)
    under_way = {}

    def batches():
        numbered = enumerate(sources)
        while batch := list(itertools.islice(numbered, batch_size)):
            under_way.update(batch)
            yield [(source, place) for place, source in batch]

    loader = DataLoader(images, batch_sampler=batches(), collate_fn=collate_readable,
                        num_workers=workers)
    first = 0
    for batch in loader:
        last = first + batch_size
        if batch is not None:
            inputs, places = batch
            rows = predict(model, inputs).numpy()
            for place, row in zip(places.tolist(), rows, strict=True):
                yield under_way[place], row
        for place in range(first, last):
            under_way.pop(place, None)
        first = last
