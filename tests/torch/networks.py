"""The networks that `export` exports: torchvision's, and small ones, one for each construct.

A row says what is built, the shape of one sample and how it is exported:
  opset     of the file (13)
  norms     "folded": batch norms become part of convolutions where the exporter can do that, or
            "kept"
  classes   for inputs that are ids: how many different ones there are
  batch     size of the batch in the file (1), "any": a named axis
  double    whether its numbers are float64
  scripted  whether it is exported from TorchScript, in place of a trace
  options   of torch.onnx.export
  refused   what the program says about it, in place of reading it
  loose     why the file has other parameters than the module: their number is not compared
"""
import math

import torch
import torchvision
from torch import nn
from torch.nn import functional
from torchvision import models

ROWS = []


def network(shape, **how):
    """Adds the function or class behind it to ROWS, as a network of this name."""
    def add(build):
        ROWS.append({"name": how.pop("name", build.__name__.lower()), "build": build,
                     "shape": shape, **how})
        return build
    return add


class Function(nn.Module):
    """A function as a module, beside others in a Sequential."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def conv_norm(inputs, outputs, kernel=3, **settings):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, bias=False, **settings),
                         nn.BatchNorm2d(outputs), nn.ReLU())


def classifier(inputs, outputs=10):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, outputs))


# torchvision's. Those of VGG and AlexNet get narrower dense layers, which are most of their
# numbers; VGG's, for smaller images, without the average to 7x7 before them.

def published(name, build, size=64, **how):
    network([3, size, size], name=name, **how)(build)


def narrow(build, features, average=True):
    def with_narrow_classifier():
        model = build(num_classes=10)
        if not average:
            model.avgpool = nn.Identity()
        width = 256
        parts = enumerate(model.classifier)
        dense = [index for index, part in parts if isinstance(part, nn.Linear)]
        for index, inputs, outputs in zip(dense, (features, width, width), (width, width, 10)):
            model.classifier[index] = nn.Linear(inputs, outputs)
        return model
    return with_narrow_classifier


def ten(build, **settings):
    return lambda: build(num_classes=10, **settings)


without_random_start = {"aux_logits": False, "init_weights": False}
published("alexnet", narrow(models.alexnet, 256 * 36), 224)
published("vgg11", narrow(models.vgg11, 512 * 4, average=False))
published("vgg16_bn", narrow(models.vgg16_bn, 512 * 4, average=False), norms="kept")
published("vgg16_bn_folded", narrow(models.vgg16_bn, 512 * 4, average=False))
published("resnet18", ten(models.resnet18), norms="kept")
published("resnet18_folded", ten(models.resnet18))
published("resnet50", ten(models.resnet50))
published("resnext14_32x4d", ten(models.ResNet, block=models.resnet.Bottleneck, layers=[1, 1, 1, 1],
                                 groups=32, width_per_group=4))
published("densenet121", ten(models.densenet121), norms="kept")
published("densenet121_folded", ten(models.densenet121), opset=11)
published("mobilenet_v2", ten(models.mobilenet_v2), norms="kept")
published("mobilenet_v2_folded", ten(models.mobilenet_v2), batch="any")
published("mobilenet_v3_small", ten(models.mobilenet_v3_small), opset=14)
published("mobilenet_v3_small_opset11", ten(models.mobilenet_v3_small), opset=11)
published("efficientnet_b0", ten(models.efficientnet_b0), opset=14)
published("shufflenet_v2_x1_0", ten(models.shufflenet_v2_x1_0), norms="kept")
published("shufflenet_v2_x1_0_any_batch", ten(models.shufflenet_v2_x1_0), batch="any")
published("squeezenet1_1", ten(models.squeezenet1_1))
published("googlenet", ten(models.googlenet, **without_random_start), opset=11)
published("googlenet_transform",
          ten(models.googlenet, transform_input=True, **without_random_start))
published("inception_v3", ten(models.inception_v3, **without_random_start), 107)
published("mnasnet0_5", ten(models.mnasnet0_5), norms="kept")
published("regnet_y_400mf", ten(models.regnet_y_400mf), opset=16)
published("convnext_tiny", ten(models.convnext_tiny), opset=17)


@network([3, 64, 64])
def convnext_small_stages():
    stage = models.convnext.CNBlockConfig
    return models.ConvNeXt([stage(24, 48, 2), stage(48, None, 2)], num_classes=10)


network([3, 64, 64], norms="kept", name="convnext_not_folded")(convnext_small_stages)


# vit_b_16 and swin_t with smaller sizes: their tokens are the same.
@network([3, 64, 64], opset=14)
def vit():
    return models.VisionTransformer(image_size=64, patch_size=16, num_layers=3, num_heads=4,
                                    hidden_dim=96, mlp_dim=192, num_classes=10)


@network([3, 16, 16], norms="kept")
class PatchMixer(nn.Module):
    """A token before those of the patches and a table of positions, of the shapes that ViT has."""

    def __init__(self, width=12, count=17):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.class_token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, count, width))
        self.mixing = nn.Linear(count, count)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions
        x = x + torch.tanh(self.mixing(x.transpose(1, 2))).transpose(1, 2)
        return self.head(self.norm(x)[:, 0])


network([3, 16, 16], norms="kept", batch=4, name="patchmixer_batch4")(PatchMixer)


# The table of positions is gathered into a larger array when it is exported.
@network([3, 64, 64], opset=14, loose="tables of positions are stored gathered")
def swin():
    return models.SwinTransformer(patch_size=[4, 4], embed_dim=24, depths=[2, 2], num_heads=[2, 4],
                                  window_size=[4, 4], num_classes=10)


# Small ones.

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


# Without gradients (torch.no_grad) torch 1.13 takes a fused layer here that it cannot export.
@network([10, 16], opset=14)
def transformer_encoder():
    layer = nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True,
                                       norm_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


@network([10, 16], opset=17, batch="any")
def transformer_norm_last():
    layer = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True)
    return nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)


@network([7, 12])
class Multihead(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 3, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dense = nn.Linear(width, width)

    def split(self, x):
        return x.view(*x.shape[:2], self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, x):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        # As scaled_dot_product_attention is exported: a root of the scale on both sides.
        scale = math.sqrt(math.sqrt(1 / q.shape[-1]))
        weights = ((q * scale) @ (k.transpose(2, 3) * scale)).softmax(dim=-1)
        return self.dense((weights @ v).permute(0, 2, 1, 3).flatten(2))


@network([6, 12])
class SharedTransformer(nn.Module):
    """One block that is called twice, as in ALBERT."""

    def __init__(self):
        super().__init__()
        self.attention = SelfAttention(12, 2)
        self.norms = nn.ModuleList(nn.LayerNorm(12) for _ in range(2))
        self.pooler = nn.Linear(12, 4)

    def forward(self, x):
        for norm in self.norms:
            x = norm(x + self.attention(x))
        return self.pooler(x[:, 0])


class GptBlock(nn.Module):
    def __init__(self, width, heads, length):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(),
                                 nn.Linear(4 * width, width))
        self.register_buffer("mask", torch.tril(torch.ones(length, length)).bool())

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = (part.view(n, length, self.heads, width // self.heads).transpose(1, 2)
                   for part in self.qkv(self.ln_1(x)).split(width, dim=2))
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads)
        weights = scores.masked_fill(~self.mask[:length, :length], float("-inf")).softmax(dim=-1)
        x = x + self.projection((weights @ v).transpose(1, 2).reshape(n, length, width))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self, length=12, width=16, words=50):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Parameter(torch.randn(1, length, width))
        self.blocks = nn.Sequential(GptBlock(width, 2, length), GptBlock(width, 4, length))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.words(ids) + self.places)))


network([12], classes=50, opset=14)(Gpt)
network([12], classes=50, opset=17, batch="any", name="gpt_any_batch")(Gpt)
network([12], classes=50, norms="kept", name="gpt_not_folded")(Gpt)


@network([20], classes=30)
def embedding_conv():
    return nn.Sequential(nn.Embedding(30, 8), Function(lambda x: x.transpose(1, 2)),
                         nn.Conv1d(8, 6, 3), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(),
                         nn.Linear(6, 2))


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


@network([6, 5, 5])
class NonLocal(nn.Module):
    """Attention between the places of an image, with products of matrices."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Conv2d(6, 4, 1)
        self.phi = nn.Conv2d(6, 4, 1)
        self.g = nn.Conv2d(6, 4, 1)
        self.out = nn.Conv2d(4, 6, 1)

    def forward(self, x):
        query, key, value = self.theta(x).flatten(2), self.phi(x).flatten(2), self.g(x).flatten(2)
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=-1)
        y = (weights @ value.transpose(1, 2)).transpose(1, 2).reshape(-1, 4, 5, 5)
        return x + self.out(y)


@network([9, 8])
class TokenMixer(nn.Module):
    """Dense layers along tokens and along channels, as in MLP-Mixer."""

    def __init__(self):
        super().__init__()
        self.tokens = nn.Sequential(nn.Linear(9, 12), nn.GELU(), nn.Linear(12, 9))
        self.channels = nn.Sequential(nn.Linear(8, 12), nn.GELU(), nn.Linear(12, 8))
        self.norms = nn.ModuleList(nn.LayerNorm(8) for _ in range(2))
        self.last = nn.Linear(8, 4)

    def forward(self, x):
        x = x + self.tokens(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channels(self.norms[1](x))
        return self.last(x.mean(dim=1))


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
