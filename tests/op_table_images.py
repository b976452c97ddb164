"""Records of resampling, borders, shuffles and the normalisations of single examples."""

import reference_images as ref
from op_record import ALL_BOOL, FLOATS, HALVES, Error, Op, Sample, functional, uniform

LAYOUTS = ("contiguous", "channels_last", "strided", "fortran")


def image_op(name, reference, samples, **options):
    options.setdefault("layouts", LAYOUTS)
    return Op(name, reference, samples, call=options.pop("call", functional(name)), **options)


def _interpolate(mt, *args, **kwargs):
    return mt.nn.functional.interpolate(*args, **kwargs)


def interpolation(mode, shapes, **options):
    """Record of one mode; each of `shapes` is the input's and the keyword arguments."""

    def samples(rng):
        return [Sample(uniform(rng, *shape), mode=mode, **kwargs) for shape, kwargs in shapes]

    name = f"interpolate_{mode.replace('-', '_')}"
    return image_op(name, ref.interpolate, samples, call=_interpolate, slack=20, **options)


NEAREST = [
    ((2, 2, 5), {"size": 7}),
    ((1, 2, 4, 5), {"size": (2, 9)}),
    ((1, 2, 3, 4), {"scale_factor": 2.0}),
    ((1, 1, 2, 3, 2), {"scale_factor": (1.5, 2.0, 2.5)}),
]
BILINEAR = [
    ((2, 2, 4, 5), {"size": (7, 3)}),
    ((1, 2, 3, 4), {"scale_factor": (2.0, 1.7)}),
    ((1, 2, 3, 4), {"scale_factor": 1.7, "recompute_scale_factor": True}),
    ((1, 2, 3, 4), {"size": 5, "align_corners": True}),
    ((1, 1, 3, 4), {"size": (1, 4), "align_corners": True}),
    ((1, 2, 5, 7), {"size": (3, 9), "antialias": True}),
]

RESAMPLING = [
    interpolation("nearest", NEAREST, dtypes=FLOATS + HALVES),
    interpolation("nearest-exact", NEAREST),
    interpolation("area", [((2, 2, 5), {"size": 3}), ((1, 2, 4, 5), {"scale_factor": 0.6})]),
    interpolation(
        "linear", [((2, 2, 5), {"size": 8}), ((2, 2, 5), {"size": 3, "align_corners": True})]
    ),
    interpolation("bilinear", BILINEAR),
    interpolation("bicubic", BILINEAR),
    interpolation(
        "trilinear",
        [
            ((1, 1, 2, 3, 2), {"size": (3, 2, 4)}),
            ((1, 1, 2, 3, 2), {"scale_factor": 2.0, "align_corners": True}),
        ],
    ),
    interpolation("lanczos", [((1, 2, 5, 7), {"size": (3, 9), "antialias": True})]),
]


def _resampling_error(kind, pattern, shape, **kwargs):
    return Error(
        lambda mt: mt.nn.functional.interpolate(mt.ones(*shape), **kwargs), kind, pattern
    )


RESAMPLING[0].errors = (
    _resampling_error(ValueError, "either size or scale_factor should be defined", (1, 1, 2, 2)),
    _resampling_error(
        ValueError, "only one of size or scale_factor", (1, 1, 2, 2), size=2, scale_factor=2
    ),
    _resampling_error(
        ValueError,
        r"got input with spatial dimensions of \[2, 2\]",
        (1, 1, 2, 2),
        size=(2, 2, 2),
    ),
    _resampling_error(
        ValueError, "align_corners option can only be set", (1, 1, 2), size=2, align_corners=True
    ),
    _resampling_error(
        ValueError, "not meaningful with an explicit size", (1, 1, 2), size=2,
        recompute_scale_factor=True,
    ),
    _resampling_error(
        ValueError, "Anti-alias option is restricted", (1, 1, 2), size=2, antialias=True
    ),
    _resampling_error(TypeError, "expected size to be one of int", (1, 1, 2, 2), size=(2.5, 2)),
    _resampling_error(
        NotImplementedError, "Got 3D input, but bilinear mode needs 4D input", (1, 1, 2), size=2,
        mode="bilinear",
    ),
    _resampling_error(
        NotImplementedError, "Only 3D, 4D and 5D input Tensors supported", (2, 2), size=()
    ),
    _resampling_error(
        RuntimeError, r"greater than 0, but got input [(]H: 2, W: 2[)] output [(]H: 0, W: 3[)]",
        (1, 1, 2, 2), size=(0, 3),
    ),
    _resampling_error(
        ValueError, "Lanczos mode requires antialias=True", (1, 1, 2, 2), size=2, mode="lanczos"
    ),
)


def _grid_samples(mode):
    def samples(rng):
        found = []
        for padding in ("zeros", "border", "reflection"):
            for corners in (False, True):
                options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
                image, grid = uniform(rng, 1, 2, 3, 4), uniform(rng, 1, 2, 3, 2) * 0.77
                found.append(Sample(image, grid, **options))
        if mode != "bicubic":
            volume, grid = uniform(rng, 1, 1, 2, 3, 2), uniform(rng, 1, 1, 2, 2, 3) * 0.77
            found.append(Sample(volume, grid, mode=mode, align_corners=False))
        return found

    return samples


def grid_sampling(mode, **options):
    def call(mt, *args, **kwargs):
        return mt.nn.functional.grid_sample(*args, **kwargs)

    name = f"grid_sample_{mode}"
    return image_op(name, ref.grid_sample, _grid_samples(mode), call=call, slack=40, **options)


def _affine_samples(rng):
    return [
        Sample(uniform(rng, 2, 2, 3), (2, 1, 3, 4), False),
        Sample(uniform(rng, 1, 2, 3), (1, 1, 2, 3), True),
        Sample(uniform(rng, 1, 3, 4), (1, 2, 2, 1, 3), False),
    ]


def _grid_error(kind, pattern, image, grid, **kwargs):
    return Error(
        lambda mt: mt.nn.functional.grid_sample(
            mt.ones(*image), mt.ones(*grid), align_corners=False, **kwargs
        ),
        kind,
        pattern,
    )


SAMPLING = [
    grid_sampling(
        "bilinear",
        errors=(
            _grid_error(
                RuntimeError, "same batch size, but got", (1, 1, 2, 2), (2, 3, 3, 2)
            ),
            _grid_error(
                RuntimeError, "expected grid to have size 2 in last dimension", (1, 1, 2, 2),
                (1, 3, 3, 3),
            ),
            _grid_error(
                RuntimeError, "expected 5D input and grid", (1, 2, 2), (1, 3, 3, 1)
            ),
            _grid_error(
                RuntimeError, "bicubic interpolation only supports 4D input", (1, 1, 2, 2, 2),
                (1, 1, 1, 1, 3), mode="bicubic",
            ),
            _grid_error(
                ValueError, "expected mode to be 'bilinear', 'nearest' or 'bicubic'",
                (1, 1, 2, 2), (1, 3, 3, 2), mode="linear",
            ),
        ),
    ),
    grid_sampling("nearest"),
    grid_sampling("bicubic"),
    image_op(
        "affine_grid",
        ref.affine_grid,
        _affine_samples,
        slack=4,
        errors=(
            Error(
                lambda mt: mt.nn.functional.affine_grid(mt.ones(1, 2, 2), (1, 1, 2, 2), False),
                ValueError,
                "Expected a batch of 2D affine matrices of shape Nx2x3",
            ),
        ),
    ),
]


def _pad_samples(mode):
    pads = [((2, 5), (2, 1)), ((1, 4, 5), (1, 3, 2, 0)), ((1, 2, 3, 4, 3), (1, 2, 0, 1, 2, 1)),
            ((2, 2, 4, 5), (-1, 2, 1, -2))]

    def samples(rng):
        found = [Sample(uniform(rng, *shape), pad, mode) for shape, pad in pads]
        if mode == "constant":
            found += [
                Sample(uniform(rng, 4), (1, 2), mode, 3),
                Sample(uniform(rng, 2, 3, 4), (-1, 0, 0, -1), mode),
                Sample(uniform(rng, 0, 3), (1, 1), mode),
            ]
        return found

    return samples


def padding(mode, **options):
    def call(mt, *args, **kwargs):
        return mt.nn.functional.pad(*args, **kwargs)

    return image_op(f"pad_{mode}", ref.pad, _pad_samples(mode), call=call, **options)


def _shuffle_samples(rng):
    return [
        Sample(uniform(rng, 2, 8, 2, 3), 2),
        Sample(uniform(rng, 9, 1, 2), 3),
        Sample(uniform(rng, 1, 2, 4, 2, 1), 2),
    ]


def _unshuffle_samples(rng):
    return [Sample(uniform(rng, 2, 2, 4, 6), 2), Sample(uniform(rng, 1, 3, 6), 3)]


def _channel_samples(rng):
    return [Sample(uniform(rng, 2, 6, 2, 3), 3), Sample(uniform(rng, 1, 4, 2), 2)]


def _fails(pattern, call, kind=RuntimeError):
    return Error(call, kind, pattern)


BORDERS = [
    padding(
        "constant",
        dtypes=ALL_BOOL[:-1],
        errors=(
            _fails(
                "Padding length must be divisible by 2",
                lambda mt: mt.nn.functional.pad(mt.ones(3), (1,)),
            ),
            _fails(
                "length must be non-negative",
                lambda mt: mt.nn.functional.pad(mt.ones(3), (-2, -2)),
            ),
        ),
    ),
    padding(
        "reflect",
        errors=(
            _fails(
                "Argument #6: Padding size should be less than the corresponding input dimension",
                lambda mt: mt.nn.functional.pad(mt.ones(1, 1, 2, 4), (1, 1, 2, 0), "reflect"),
            ),
        ),
    ),
    padding("replicate"),
    padding("circular"),
    image_op(
        "pixel_shuffle",
        ref.pixel_shuffle,
        _shuffle_samples,
        dtypes=ALL_BOOL,
        errors=(
            _fails(
                r"input.size[(]-3[)]=4 is not divisible by 9",
                lambda mt: mt.nn.functional.pixel_shuffle(mt.ones(4, 2, 2), 3),
            ),
            _fails(
                "expects a positive upscale_factor, but got 0",
                lambda mt: mt.pixel_shuffle(mt.ones(4, 2, 2), 0),
            ),
        ),
    ),
    image_op(
        "pixel_unshuffle",
        ref.pixel_unshuffle,
        _unshuffle_samples,
        errors=(
            _fails(
                r"expects width to be divisible by downscale_factor, but input.size[(]-1[)]=3",
                lambda mt: mt.pixel_unshuffle(mt.ones(4, 2, 3), 2),
            ),
        ),
    ),
    image_op(
        "channel_shuffle",
        ref.channel_shuffle,
        _channel_samples,
        errors=(
            _fails(
                "Got 4 channels and 3 groups",
                lambda mt: mt.channel_shuffle(mt.ones(1, 4, 3), 3),
            ),
        ),
    ),
]


def _layer_norm_samples(rng):
    return [
        Sample(uniform(rng, 3, 5), (5,), uniform(rng, 5), uniform(rng, 5)),
        Sample(uniform(rng, 2, 3, 4), (3, 4), uniform(rng, 3, 4)),
        Sample(uniform(rng, 2, 3, 2, 2), (2, 2), None, uniform(rng, 2, 2), 0.1),
        Sample(uniform(rng, 6), (6,)),
    ]


def _group_norm_samples(rng):
    return [
        Sample(uniform(rng, 2, 4, 3), 2, uniform(rng, 4), uniform(rng, 4)),
        Sample(uniform(rng, 2, 4, 2, 2), 4, uniform(rng, 4), None, 0.1),
        Sample(uniform(rng, 3, 6), 2, None, uniform(rng, 6)),
        Sample(uniform(rng, 2, 2, 2, 3), 1),
    ]


def _instance_norm_samples(rng):
    return [
        Sample(uniform(rng, 2, 3, 4)),
        Sample(uniform(rng, 2, 3, 2, 2), None, None, uniform(rng, 3), uniform(rng, 3)),
    ]


def _rms_norm_samples(rng):
    return [
        Sample(uniform(rng, 3, 5), (5,), uniform(rng, 5), 1e-3),
        Sample(uniform(rng, 2, 3, 4), (3, 4), eps=0.1),
    ]


def _response_samples(rng):
    return [Sample(uniform(rng, 2, 5, 3), 3, 0.5), Sample(uniform(rng, 1, 4, 2, 3), 2, 0.7, 0.5, 2)]


NORMS = [
    image_op(
        "layer_norm",
        ref.layer_norm,
        _layer_norm_samples,
        slack=20,
        errors=(
            _fails(
                r"Given normalized_shape=\[4\], expected input with shape \[\*, 4\], but got input "
                r"of size\[2, 3\]",
                lambda mt: mt.nn.functional.layer_norm(mt.ones(2, 3), (4,)),
            ),
            _fails(
                "Expected weight to be of same shape as normalized_shape",
                lambda mt: mt.nn.functional.layer_norm(mt.ones(2, 3), (3,), mt.ones(4)),
            ),
        ),
    ),
    image_op("group_norm", ref.group_norm, _group_norm_samples, slack=20),
    image_op(
        "instance_norm",
        ref.instance_norm,
        _instance_norm_samples,
        slack=20,
        errors=(
            _fails(
                "Expected more than 1 spatial element when training",
                lambda mt: mt.nn.functional.instance_norm(mt.ones(2, 3, 1)),
                ValueError,
            ),
            _fails(
                "must either both be None or neither be None",
                lambda mt: mt.nn.functional.instance_norm(mt.ones(2, 3, 2), mt.ones(3)),
                ValueError,
            ),
        ),
    ),
    image_op(
        "rms_norm",
        ref.rms_norm,
        _rms_norm_samples,
        slack=10,
        errors=(
            _fails(
                r"expected input with shape \[\*4\], but got input of size\[2, 3\]",
                lambda mt: mt.rms_norm(mt.ones(2, 3), (4,)),
            ),
        ),
    ),
    image_op("local_response_norm", ref.local_response_norm, _response_samples, slack=10),
]

IMAGES = [*RESAMPLING, *SAMPLING, *BORDERS, *NORMS]
