"""Those of tokens: transformers, and what is like them."""
import math

import torch
from torch import nn
from torchvision import models

from .registry import Function, network


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


# The batch is a part of an axis, as large as others.
@network([4, 12], batch=4)
class Windows(nn.Module):
    """Attention within windows, and tokens in front of samples."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(12, 36)
        self.out = nn.Linear(12, 12)
        self.last = nn.Linear(12, 3)

    def forward(self, x):
        count, tokens, width = x.shape
        parts = self.qkv(x.reshape(count * 2, tokens // 2, width))
        q, k, v = parts.reshape(count * 2, tokens // 2, 3, 2, 6).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(2, 3) / math.sqrt(6)).softmax(dim=-1)
        x = self.out((weights @ v).transpose(1, 2).reshape(count * 2, tokens // 2, width))
        x = x.reshape(count, tokens, width).transpose(0, 1).reshape(tokens * count, width)
        return self.last(x).reshape(tokens, count, 3).transpose(0, 1).softmax(dim=1)


# The table of positions is gathered into a larger array when it is exported.
@network([3, 64, 64], opset=14, loose="tables of positions are stored gathered")
def swin():
    return models.SwinTransformer(patch_size=[4, 4], embed_dim=24, depths=[2, 2], num_heads=[2, 4],
                                  window_size=[4, 4], num_classes=10)


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
    def __init__(self, **settings):
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 3, batch_first=True, **settings)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


@network([7, 12], state=True)
def multihead_without_bias():
    return Multihead(bias=False)


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
