"""What the kernels of convolution are told about their arrays; declarations only."""

cdef struct ConvShape:
    Py_ssize_t batch
    Py_ssize_t in_channels, in_height, in_width
    Py_ssize_t out_channels, out_height, out_width    # see conv_out_size
    Py_ssize_t kernel_height, kernel_width
    Py_ssize_t stride_h, stride_w
    Py_ssize_t padding_h, padding_w
    Py_ssize_t dilation_h, dilation_w
    Py_ssize_t groups
    bint x_channels_last    # memory of x and dx: (N, H, W, C), else (N, C, H, W); both dense
    bint y_channels_last    # memory of y and dy
    bint w_channels_last    # memory of w and dw: (O, H, W, I), else (O, I, H, W)
