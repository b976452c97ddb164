"""Methods of torch.Tensor that minitorch.Tensor lacks, by tools/missing_methods.py."""

ONLY_IN_TORCH = frozenset("""
    angle ccol_indices cdouble cfloat chalf cholesky_inverse cholesky_solve coalesce col_indices
    conj_physical_ const_data_ptr crow_indices dense_dim dequantize eig geqrf hash_tensor igamma
    igamma_ igammac igammac_ int_repr ipu is_coalesced is_ipu is_maia is_mkldnn is_mps is_mtia
    is_nested is_sparse_csr is_vulkan is_xla is_xpu istft lstsq lu lu_solve matrix_exp module_load
    mtia orgqr ormqr q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale
    q_zero_point qscheme record_stream resize_as resize_as_sparse_ row_indices slice_inverse smm
    solve sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm stft
    storage_type symeig to_mkldnn to_padded_tensor to_sparse to_sparse_bsc to_sparse_bsr
    to_sparse_coo to_sparse_csc to_sparse_csr triangular_solve volatile xpu
    """.split())
