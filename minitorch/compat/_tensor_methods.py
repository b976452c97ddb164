"""Methods of torch.Tensor that minitorch.Tensor lacks, by tools/missing_methods.py."""

ONLY_IN_TORCH = frozenset("""
    angle apply_ arccos_ arccosh arccosh_ arcsin_ arcsinh arcsinh_ arctan2_ arctan_ arctanh
    arctanh_ atan2_ bitwise_left_shift_ bitwise_not_ bitwise_right_shift_ cauchy_ ccol_indices
    cdouble cfloat chalf cholesky cholesky_inverse cholesky_solve coalesce col_indices
    conj_physical conj_physical_ const_data_ptr copysign copysign_ corrcoef cov crow_indices
    deg2rad deg2rad_ dense_dim dequantize det digamma digamma_ dim_order dist eig erfinv erfinv_
    float_power float_power_ fmax fmin frac frac_ frexp gcd gcd_ geometric_ geqrf get_device
    grad_dtype greater_ greater_equal_ hash_tensor heaviside heaviside_ histogram hypot hypot_ i0
    i0_ igamma igamma_ igammac igammac_ int_repr inverse ipu is_coalesced is_conj is_distributed
    is_ipu is_maia is_mkldnn is_mps is_mtia is_neg is_nested is_nonzero is_set_to is_sparse_csr
    is_vulkan is_xla is_xpu isneginf isposinf isreal istft lcm lcm_ ldexp ldexp_ less_ less_equal_
    lgamma lgamma_ log_normal_ logaddexp logaddexp2 logdet logical_not_ logit logit_ lstsq lu
    lu_solve mH map2_ matrix_exp matrix_power module_load mtia multinomial mvlgamma mvlgamma_
    nan_to_num nan_to_num_ new_empty_strided nextafter nextafter_ nonzero_static not_equal_ orgqr
    ormqr pin_memory pinverse polygamma polygamma_ q_per_channel_axis q_per_channel_scales
    q_per_channel_zero_points q_scale q_zero_point qr qscheme rad2deg rad2deg_ record_stream
    renorm renorm_ resize_ resize_as resize_as_ resize_as_sparse_ resolve_conj resolve_neg
    row_indices sgn sgn_ signbit sinc sinc_ slice_inverse slogdet smm solve sparse_dim sparse_mask
    sparse_resize_ sparse_resize_and_clear_ sspaddmm stft storage_type svd symeig to_dense
    to_mkldnn to_padded_tensor to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc
    to_sparse_csr triangular_solve volatile xlogy xlogy_ xpu
    """.split())
