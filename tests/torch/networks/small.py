"""Small ones, one for each construct."""
import math

import torch
import torchvision
from torch import nn
from torch.nn import functional

from .registry import Function, classifier, conv_norm, network


@network([20], opset=9)
def mlp():
    return nn.Sequential(nn.Linear(20, 16), nn.Tanh(), nn.Linear(16, 12, bias=False), nn.Sigmoid(),
                         nn.Dropout(), nn.Linear(12, 5), nn.Softmax(dim=1))


@network([20], batch="any")
def mlp_any_batch():
    return mlp()


def small_cnn():
    return nn.Sequential(
        conv_norm(3, 8, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, groups=8, dilation=2),
        nn.BatchNorm2d(8), nn.Hardswish(), nn.Conv2d(8, 12, (1, 3), stride=(1, 2), padding=(0, 1)),
        nn.BatchNorm2d(12, eps=1e-3), nn.LeakyReLU(0.1), classifier(12))


for opset in (9, 11, 13, 14, 16, 17):
    network([3, 20, 20], name=f"cnn_opset{opset}", opset=opset)(small_cnn)
network([3, 20, 20], name="cnn_kept", norms="kept")(small_cnn)
network([3, 20, 20], name="cnn_any_batch", batch="any")(small_cnn)
network([3, 20, 20], name="cnn_batch4", batch=4)(small_cnn)
network([3, 20, 20], name="cnn_double", double=True)(small_cnn)
network([3, 20, 20], name="cnn_initializers_as_inputs", opset=9, norms="kept",
        options={"keep_initializers_as_inputs": True})(small_cnn)
network([3, 20, 20], name="cnn_scripted", scripted=True)(small_cnn)


@network([1, 28, 28])
def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
                         nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
                         nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 10))


@network([4, 30])
class Tcn(nn.Module):
    """Causal convolutions: zeros in front, or cut off behind."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(4 if d == 1 else 8, 8, 3, dilation=d) for d in (1, 2))
        self.cut = nn.Conv1d(8, 8, 3, dilation=4, padding=8)
        self.last = nn.Linear(8, 5)

    def forward(self, x):
        for conv in self.convs:
            x = functional.relu(conv(functional.pad(x, (2 * conv.dilation[0], 0))))
        x = x + self.cut(x)[:, :, :-8]
        return self.last(x[:, :, -1])


@network([3, 32, 32])
class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1 = conv_norm(3, 8, padding=1)
        self.down2 = conv_norm(8, 16, padding=1)
        self.bottom = conv_norm(16, 16, padding=1)
        self.up2 = nn.ConvTranspose2d(16, 16, 2, stride=2)
        self.right2 = conv_norm(32, 8, padding=1)
        self.up1 = nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1)
        self.right1 = conv_norm(16, 8, padding=1)
        self.mask = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        first = self.down1(x)
        second = self.down2(functional.max_pool2d(first, 2))
        x = self.bottom(functional.max_pool2d(second, 2))
        x = self.right2(torch.cat([self.up2(x), second], dim=1))
        return torch.sigmoid(self.mask(self.right1(torch.cat([self.up1(x), first], dim=1))))


network([3, 32, 32], name="unet_kept", norms="kept")(Unet)


@network([16, 1, 1])
def dcgan_generator():
    def up(inputs, outputs, stride, padding):
        return [nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
                nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*up(16, 32, 1, 0), *up(32, 16, 2, 1), *up(16, 8, 2, 1),
                         nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False), nn.Tanh())


network([16, 1, 1], name="dcgan_generator_kept", norms="kept")(dcgan_generator)


@network([4, 12, 12])
def normalizations():
    return nn.Sequential(
        nn.Conv2d(4, 8, 3), nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv2d(8, 6, 3),
        nn.InstanceNorm2d(6), nn.Tanh(), nn.Conv2d(6, 6, 3), nn.InstanceNorm2d(6, affine=True),
        nn.LayerNorm([6, 6, 6]), nn.GroupNorm(1, 6), classifier(6))


# What the program says that it does not understand.

@network([6, 8, 8], refused="an exponent that is not")
def local_response_norm():
    return nn.Sequential(nn.Conv2d(6, 6, 3), nn.LocalResponseNorm(3), classifier(6))


@network([5, 8], refused="LSTM")
class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 4, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


# Without parameters torch 1.13 writes a LayerNormalization of opset 17 that its own check refuses.
@network([5, 8])
def layer_norm():
    return nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 6),
                         nn.LayerNorm(6, elementwise_affine=False), nn.Linear(6, 4))


network([5, 8], name="layer_norm_opset17", opset=17)(
    lambda: nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 6), nn.LayerNorm(6), nn.Linear(6, 4)))


@network([6, 9])
def batch_norm_1d():
    return nn.Sequential(nn.BatchNorm1d(6), nn.Conv1d(6, 4, 3), nn.ReLU(), nn.BatchNorm1d(4),
                         nn.Flatten(), nn.Linear(28, 8), nn.BatchNorm1d(8), nn.ReLU(),
                         nn.Linear(8, 3))


def with_activations(*activations):
    def build():
        parts = []
        for activation in activations:
            parts += [nn.Conv2d(4, 4, 1), activation()]
        return nn.Sequential(*parts, nn.Flatten(), nn.Linear(64, 6))
    return build


for activations_name, activations, activations_opset in (
        ("rectifiers", (nn.ReLU, nn.ReLU6, nn.PReLU, lambda: nn.PReLU(4), nn.LeakyReLU, nn.Hardtanh,
                        Function), 13),
        ("activations_smooth", (nn.ELU, lambda: nn.ELU(0.5), nn.SELU, lambda: nn.CELU(2),
                                nn.Softplus, lambda: nn.Softplus(beta=2), nn.Softsign), 13),
        ("activations_gelu", (nn.GELU, lambda: nn.GELU("tanh"), nn.SiLU, nn.Mish), 13),
        ("activations_hard", (nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh), 14),
        ("activations_hard_opset11", (nn.Hardswish, nn.Hardsigmoid, nn.SiLU, nn.Mish), 11)):
    if Function in activations:
        activations = tuple((lambda: Function(lambda x: torch.clamp(x, min=0)))
                            if part is Function else part for part in activations)
    network([4, 4, 4], name=activations_name, opset=activations_opset)(
        with_activations(*activations))


@network([4, 8, 8])
class ChunkSplitSqueeze(nn.Module):
    def __init__(self):
        super().__init__()
        self.gated = nn.Conv2d(4, 8, 3, padding=1)
        self.parts = nn.ModuleList([nn.Conv2d(1, 2, 1), nn.Conv2d(3, 4, 1)])
        self.line = nn.Conv1d(6, 3, 8)

    def forward(self, x):
        value, gate = self.gated(x).chunk(2, dim=1)
        x = value * torch.sigmoid(gate)
        first, second = x.split([1, 3], dim=1)
        x = torch.cat([self.parts[0](first), self.parts[1](second)], dim=1)
        x = x.mean(dim=2, keepdim=True).squeeze(2)
        return self.line(x).squeeze(2)


@network([3, 11, 11])
def pads():
    return nn.Sequential(nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(3, 4, 3, stride=2),
                         nn.AvgPool2d(3, 2, padding=1), nn.Conv2d(4, 4, 1),
                         nn.AvgPool2d(3, 1, padding=1, count_include_pad=False),
                         nn.ReLU(), nn.MaxPool2d(2, 2, padding=1), nn.Flatten(), nn.Linear(16, 5))


# Not circular: there torch 1.13 writes slices that are one entry off.
@network([3, 9, 9])
def pad_modes():
    return nn.Sequential(nn.ReflectionPad2d((1, 2, 0, 3)), nn.Conv2d(3, 4, 3),
                         nn.ReplicationPad2d(1), nn.Conv2d(4, 4, 3), nn.ReLU(),
                         nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"))


@network([3, 12, 12])
def pools():
    return nn.Sequential(nn.Conv2d(3, 6, 1), nn.MaxPool2d(3, 2, ceil_mode=True),
                         nn.AdaptiveAvgPool2d(3), nn.Conv2d(6, 6, 2), nn.AdaptiveMaxPool2d(1),
                         nn.Flatten(), nn.Linear(6, 4))


@network([3, 6, 6])
def upsamples():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Upsample(scale_factor=2, mode="nearest"),
                         nn.Conv2d(4, 4, 3), nn.ReLU(),
                         nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                         nn.Conv2d(4, 2, 3))


@network([3, 6, 6], opset=11)
def upsample_corners():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Upsample(size=(8, 8), mode="bilinear",
                                                         align_corners=True), nn.Conv2d(4, 2, 3))


@network([3, 6, 6])
def super_resolution():
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, 12, 3, padding=1),
                         nn.PixelShuffle(2), nn.PixelUnshuffle(2), nn.Conv2d(12, 8, 1),
                         nn.PixelShuffle(2))


@network([4, 6, 6])
class Shared(nn.Module):
    """One convolution and one dense layer, twice each."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.dense = nn.Linear(4, 4)

    def forward(self, x):
        x = torch.tanh(self.conv(torch.tanh(self.conv(x)))).mean(dim=(2, 3))
        return self.dense(torch.tanh(self.dense(x)))


@network([4, 6, 6], norms="kept")
class SharedHead(nn.Module):
    """One convolution, and normalizations of their own behind it, as in heads of detectors."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(2))
        self.last = classifier(4, 5)

    def forward(self, x):
        for norm in self.norms:
            x = norm(self.conv(x)).relu()
        return self.last(self.conv(x))


@network([4, 6, 6], norms="kept", fresh=True,
         loose="equal arrays are stored once")
def twins():
    """Two batch norms as they are when they are new: the exporter merges what is equal."""
    return nn.Sequential(nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                         nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                         classifier(4))


@network([2, 6, 8, 8])
def conv3d():
    return nn.Sequential(nn.Conv3d(2, 6, 3, padding=1), nn.BatchNorm3d(6), nn.ReLU(),
                         nn.MaxPool3d((1, 2, 2)), nn.Conv3d(6, 4, (3, 1, 1)), nn.ReLU(),
                         nn.AvgPool3d(2), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, 3))


@network([3, 16])
def conv1d():
    return nn.Sequential(nn.Conv1d(3, 8, 3, stride=2, padding=1), nn.BatchNorm1d(8), nn.ReLU(),
                         nn.MaxPool1d(2),
                         nn.ConvTranspose1d(8, 6, 4, stride=2, padding=1, groups=2),
                         nn.Tanh(), nn.AvgPool1d(2), nn.Upsample(scale_factor=3),
                         nn.Conv1d(6, 2, 2, dilation=3))


@network([2, 3, 4, 5])
def conv_transposed3d():
    return nn.Sequential(nn.ConvTranspose3d(2, 4, 3, stride=2, padding=1, output_padding=1),
                         nn.LeakyReLU(), nn.Conv3d(4, 2, 2))


# In evaluation the exporter computes the weights; without folding the file has nodes that do.
@network([3, 8, 8], loose="g and v of weights become one array")
def weight_norm():
    return nn.Sequential(nn.utils.weight_norm(nn.Conv2d(3, 4, 3)), nn.Tanh(), nn.Flatten(),
                         nn.utils.weight_norm(nn.Linear(144, 4)))


@network([3, 10, 10])
class NormalizedInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), classifier(4))

    def forward(self, x):
        return self.net((x - self.mean) / self.deviation)


@network([8, 6, 6])
class SqueezeExcite(nn.Module):
    """A dense gate, as in the paper, and torchvision's, of 1x1 convolutions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.gate = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8), nn.Sigmoid())
        self.second = torchvision.ops.SqueezeExcitation(8, 4)
        self.last = classifier(8)

    def forward(self, x):
        x = self.conv(x)
        x = x * self.gate(x.mean((2, 3))).view(x.size(0), 8, 1, 1)
        return self.last(self.second(x))


network([8, 6, 6], name="squeezeexcite_any_batch", batch="any")(SqueezeExcite)


@network([3, 12, 12], batch="any")
class ViewFlatten(nn.Module):
    """`view` with the size of the batch, which becomes nodes Shape, Gather and Concat."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.dense = nn.Linear(400, 6)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return self.dense(x.view(x.size(0), -1))


@network([6, 8, 8])
class Arithmetic(nn.Module):
    """Sums and products with numbers, differences, averages over all axes, channel shuffle."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(6, 6, 1)
        self.right = nn.Conv2d(6, 6, 1)
        self.gain = nn.Parameter(torch.ones(6, 1, 1))
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        x = 0.5 * self.left(x) - self.right(x) / 3 + 1
        x = -x * self.gain
        x = x.view(-1, 2, 3, 8, 8).transpose(1, 2).reshape(-1, 6, 8, 8)
        return self.last(x.mean(dim=[2, 3]))


@network([6, 5])
class RnnCell(nn.Module):
    """A recurrence that is written out: one cell for all times."""

    def __init__(self):
        super().__init__()
        self.read = nn.Linear(5, 8)
        self.keep = nn.Linear(8, 8, bias=False)
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        state = torch.tanh(self.read(x[:, 0]))
        for time in range(1, x.size(1)):
            state = torch.tanh(self.read(x[:, time]) + self.keep(state))
        return self.last(state)


@network([4, 8])
class WrittenOut(nn.Module):
    """Formulas in place of modules: an RMS norm, SiLU, GELU with tanh, hard swish."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))
        self.gain = nn.Parameter(torch.ones(8))

    def forward(self, x):
        x = self.layers[0](x)
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.gain
        x = self.layers[1](x)
        x = self.layers[2](x * torch.sigmoid(x))
        x = 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
        x = self.layers[3](x)
        return x * functional.relu6(x + 3) / 6


@network([4, 6, 6])
def gated():
    return nn.Sequential(nn.Conv2d(4, 8, 3), nn.GLU(dim=1), nn.Flatten(), nn.Linear(64, 12),
                         Function(lambda x: x.view(-1, 3, 2, 2)), nn.Conv2d(3, 2, 2), nn.Flatten())
