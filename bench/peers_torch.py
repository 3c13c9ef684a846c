"""PyTorch, in the long form only: its wheel is large. Its functions allocate their results."""

import torch
from peers_common import SCALE, ZERO_POINT

VERSION = torch.__version__

torch.set_num_threads(1)
torch.set_grad_enabled(False)


def _quantize(dtype):
    def make(data):
        x = torch.from_numpy(data.normal)
        return lambda: torch.quantize_per_tensor(x, SCALE, ZERO_POINT, dtype)

    return make, 1


def _dequantize(dtype):
    def make(data):
        codes = torch.quantize_per_tensor(torch.from_numpy(data.normal), SCALE, ZERO_POINT, dtype)
        return lambda: codes.dequantize()

    return make, 1


def _over_floats(function):
    def make(data):
        x = torch.from_numpy(data.normal)
        return lambda: function(x)

    return make, 1


CASES = {
    "quantize_u8": _quantize(torch.quint8),
    "quantize_s8": _quantize(torch.qint8),
    "dequantize_u8": _dequantize(torch.quint8),
    "dequantize_s8": _dequantize(torch.qint8),
    "fake_quantize_u8": _over_floats(
        lambda x: torch.fake_quantize_per_tensor_affine(x, SCALE, ZERO_POINT, 0, 255)),
    "min_max": _over_floats(torch.aminmax),
    "moments": _over_floats(torch.var_mean),
}
